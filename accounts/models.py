"""People, and what each of their linked accounts lets the site do, and until when."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.vault import Context
from spotsite.clock import Now

CONSENT = timedelta(days=180)  # Spotify says six months; the shortest six are 181 days
CREDENTIAL_TABLE = "accounts_credential"


class UserManager(BaseUserManager["User"]):
    """Makes people; an e-mail address is optional, a name is not needed."""

    def create_user(
        self, email: str | None = None, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(email=email, **fields)
        user.set_password(password)  # None makes it unusable
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """One person; every login that they link hangs on this row."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True, null=True, blank=True)
    name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="user_email_is_lower_case", condition=Q(email=Lower("email")) & ~Q(email="")
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or f"person {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower() if self.email else None  # allauth writes "" for "none"
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.partition(" ")[0] or str(self)


class CredentialQuerySet(models.QuerySet["Credential"]):
    """Credentials, asked in the words of the trade."""

    def of(self, user: User) -> CredentialQuerySet:
        return self.filter(account__user=user)

    def usable(self) -> CredentialQuerySet:
        return self.filter(status__in=Credential.USABLE)

    def sealed_otherwise(self, key_id: int) -> CredentialQuerySet:
        """Those with tokens that another key than ``key_id`` sealed."""
        return self.filter(key_id__isnull=False).exclude(key_id=key_id)

    def due(self) -> CredentialQuerySet:
        """Those whose next refresh is due and whom nobody refreshes now, the longest due first."""
        return (
            self.usable()
            .filter(next_refresh_at__lte=Now(), refresh_ct__isnull=False)
            .filter(Q(lease_until=None) | Q(lease_until__lte=Now()))
            .order_by("next_refresh_at")
        )


class Credential(models.Model):
    """What one linked account lets us do; only ``accounts.tokens`` opens its sealed tokens."""

    class Status(models.TextChoices):
        OK = "ok", "ok"
        SUSPECT = "suspect", "suspect"
        NEEDS_RECONNECT = "needs_reconnect", "needs reconnect"
        DISCONNECTED = "disconnected", "disconnected"

    USABLE: ClassVar = (Status.OK, Status.SUSPECT)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.OneToOneField(
        SocialAccount, on_delete=models.CASCADE, related_name="credential"
    )
    provider = models.CharField(max_length=30, editable=False)
    # The provider's name for the person where it is not the uid: Spotify's playlists name their
    # owner by it.
    provider_user_id = models.CharField(max_length=200, blank=True, db_index=True)
    scopes = models.JSONField(default=list)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.OK)

    refresh_ct = models.BinaryField(null=True, editable=False)
    access_ct = models.BinaryField(null=True, editable=False)
    key_id = models.BigIntegerField(null=True, editable=False)
    access_expires_at = models.DateTimeField(null=True)

    authorized_at = models.DateTimeField(null=True)
    reauth_due_at = models.DateTimeField(null=True)
    reminded_days = models.PositiveSmallIntegerField(null=True)  # the last of 30, 14, 7, 1 mailed
    told_lost_at = models.DateTimeField(null=True)  # when the mail about a lost consent went out

    generation = models.PositiveBigIntegerField(default=1)
    lease_until = models.DateTimeField(null=True)
    lease_gen = models.PositiveBigIntegerField(default=0)
    attempt_started_at = models.DateTimeField(null=True)
    next_refresh_at = models.DateTimeField(null=True)
    last_refreshed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    suspect_since = models.DateTimeField(null=True)
    probes = models.PositiveSmallIntegerField(default=0)  # how often a suspect was asked again
    fail_count = models.PositiveIntegerField(default=0)
    last_error_code = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        db_table = CREDENTIAL_TABLE
        constraints = [
            models.CheckConstraint(
                name="credential_ciphertext_names_its_key",
                condition=Q(key_id__isnull=False) | Q(refresh_ct=None, access_ct=None),
            ),
            models.CheckConstraint(
                name="credential_lost_holds_no_token",
                condition=Q(status__in=["ok", "suspect"]) | Q(refresh_ct=None, access_ct=None),
            ),
        ]
        indexes = [
            # Beat reads what is due, not what exists.
            models.Index(
                F("next_refresh_at"),
                name="credential_due",
                condition=Q(status__in=["ok", "suspect"], next_refresh_at__isnull=False),
            ),
            models.Index(fields=["reauth_due_at"], name="credential_reauth_due"),
            models.Index(fields=["key_id"], name="credential_key"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} credential {self.pk}"

    def context(self, column: str) -> Context:
        """Return where a token of this row lives: what the ciphertext is bound to."""
        account = self.account
        identity = (str(self.uuid), str(account.user.uuid), account.provider, account.uid)
        return Context(CREDENTIAL_TABLE, column, identity)

    @property
    def is_usable(self) -> bool:
        return self.status in self.USABLE

    def days_left(self, now: datetime) -> int | None:
        """Return the days on the calendar until consent ends; None where it does not end."""
        if self.reauth_due_at is None:
            return None
        return max(0, (self.reauth_due_at.date() - now.date()).days)

    def covers(self, scopes: list[str]) -> bool:
        return set(scopes) <= set(self.scopes)


class CredentialEvent(models.Model):
    """What happened to a linked account, for staff and for the person; never a token."""

    class Kind(models.TextChoices):
        STORED = "stored", "consent given"
        REFRESHED = "refreshed", "refreshed"
        DOUBTED = "doubted", "refused by the provider, waiting before we believe it"
        RESTORED = "restored", "accepted again"
        LOST = "lost", "needs reconnect"
        FROZEN = "frozen", "verdict put off: several accounts failed together"
        FORGOTTEN = "forgotten", "disconnected"
        MOVED = "moved", "moved from another local account"
        UNSEALABLE = "unsealable", "a sealed token did not open"
        STAFF = "staff", "done by staff"

    account = models.ForeignKey(
        SocialAccount, null=True, on_delete=models.SET_NULL, related_name="events"
    )
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    code = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["account", "-at"], name="credential_event_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.code})" if self.code else self.get_kind_display()


class ProviderState(models.Model):
    """A provider as a whole: a wrong client secret or an outage is no account's own fault."""

    provider = models.CharField(max_length=30, primary_key=True)
    app_error_code = models.CharField(max_length=64, blank=True)
    app_error_at = models.DateTimeField(null=True)
    probed_at = models.DateTimeField(null=True)  # while it refuses us: the last single try
    paused_until = models.DateTimeField(null=True)  # its token endpoint answered 429
    frozen_at = models.DateTimeField(null=True)  # the breaker: no verdicts since
    thawed_at = models.DateTimeField(null=True)  # staff: who was suspect by then really left
    alerted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.provider


class DeletionRequest(models.Model):
    """A request from Facebook to delete data; its page shows only the code and the state."""

    code = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=20)  # deauthorize, deletion
    provider = models.CharField(max_length=30, default="facebook")
    uid_digest = models.CharField(max_length=64, db_index=True)  # whose, without saying who
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.code


class WithdrawalQuerySet(models.QuerySet["Withdrawal"]):
    def open(self) -> WithdrawalQuerySet:
        return self.filter(done_at=None, given_up_at=None)


class Withdrawal(models.Model):
    """A permission that is taken back at the provider after its link has ended; never a token."""

    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="withdrawals")
    provider = models.CharField(max_length=30)
    uid = models.CharField(max_length=200, blank=True)  # blank again as soon as it is of no use
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    not_before = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    last_error_code = models.CharField(max_length=64, blank=True)

    objects = WithdrawalQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["not_before"],
                name="withdrawal_due",
                condition=Q(done_at=None, given_up_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} withdrawal {self.pk}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices, asked in the words of the trade."""

    def shown(self) -> NoticeQuerySet:
        """Those that the person's list has, newest first."""
        return self.filter(is_shown=True).order_by("-pk")

    def unread(self) -> NoticeQuerySet:
        return self.filter(is_shown=True, read_at=None)

    def to_mail(self, *, by: datetime | None = None) -> NoticeQuerySet:
        """Those that wait to be mailed, the longest waiting first; ``by``: since then or longer."""
        return self.filter(mail_at__lte=by or Now()).order_by("mail_at", "pk")


class Notice(models.Model):
    """Something that a person is told once, in the site and perhaps by mail."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20)  # as accounts.inbox knows it
    key = models.CharField(max_length=100)  # what it is about: the same is never told twice
    title = models.CharField(max_length=200)
    sentence = models.TextField()
    link = models.CharField(max_length=200, blank=True)  # a page of this site
    is_shown = models.BooleanField(default=True)
    told_at = models.DateTimeField(db_default=Now(), editable=False)
    read_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True)  # None where no mail is to go out (any more)
    mailed_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="notice_once", fields=["user", "kind", "key"]),
        ]
        indexes = [
            models.Index("user", F("id").desc(), name="notice_of_person"),
            # Every page counts the unread ones; beat reads what is to be mailed.
            models.Index(
                fields=["user"],
                name="notice_unread",
                condition=Q(is_shown=True, read_at=None),
            ),
            models.Index(
                fields=["mail_at"], name="notice_to_mail", condition=Q(mail_at__isnull=False)
            ),
            models.Index(fields=["told_at"], name="notice_told"),
        ]

    def __str__(self) -> str:
        return self.title


class NoticeChoice(models.Model):
    """Where a person wants to be told of one kind; no row where they have not chosen."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=20)
    by_mail = models.BooleanField()
    in_site = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="notice_choice_once", fields=["user", "kind"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for person {self.user_id}"
