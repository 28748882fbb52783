"""All settings, read from the environment once; every one has a system check (docs/settings.md)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from spotsite import env, logs, mail

BASE_DIR = Path(__file__).resolve().parent.parent

# The outside ---

PUBLIC_URL = env.url("PUBLIC_URL", "http://127.0.0.1:8000")
DEBUG = env.flag("DEBUG")
DEMO = env.flag("DEMO")  # a demo or a test: the clock may be moved and mail read at /dev/mail/
SECRET_KEY = env.text("SECRET_KEY")
_PUBLIC = urlsplit(PUBLIC_URL)
HTTPS = _PUBLIC.scheme == "https"
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", _PUBLIC.hostname or "")
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"]
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if TRUSTED_PROXIES and HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TOKEN_KEYS = env.text("TOKEN_KEYS")

DATABASE_URL = env.service(
    "DATABASE_URL",
    "postgres://127.0.0.1:5432/spotsite",
    schemes={"postgres", "postgresql"},
    path="/[^/]+",
)
REDIS_URL = env.service(
    "REDIS_URL",
    "redis://127.0.0.1:6379/0",
    schemes={"redis", "rediss"},
    path="(/[0-9]*)?",
)
EMAIL_URL = env.text("EMAIL_URL", "console:")

SPOTIFY_CLIENT_ID = env.text("SPOTIFY_CLIENT_ID")
SPOTIFY_CLIENT_SECRET = env.text("SPOTIFY_CLIENT_SECRET")
SPOTIFY_AUTHORIZE_URL = env.url("SPOTIFY_AUTHORIZE_URL", "https://accounts.spotify.com/authorize")
SPOTIFY_ACCOUNTS_URL = env.url("SPOTIFY_ACCOUNTS_URL", "https://accounts.spotify.com")
SPOTIFY_API_URL = env.url("SPOTIFY_API_URL", "https://api.spotify.com/v1")
# What Spotify opens to the app (https://developer.spotify.com/documentation/web-api/concepts/quota-modes)
SPOTIFY_MODE = env.choice("SPOTIFY_MODE", "development", {"development", "extended"})
FACEBOOK_CLIENT_ID = env.text("FACEBOOK_CLIENT_ID")
FACEBOOK_CLIENT_SECRET = env.text("FACEBOOK_CLIENT_SECRET")
FACEBOOK_DIALOG_URL = env.url("FACEBOOK_DIALOG_URL", "https://www.facebook.com/v24.0/dialog/oauth")
FACEBOOK_GRAPH_URL = env.url("FACEBOOK_GRAPH_URL", "https://graph.facebook.com/v24.0")

# Django ---

INSTALLED_APPS = [
    "spotsite",
    "accounts",
    "playlists",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "django_celery_beat",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "accounts.providers.spotify",
    "accounts.providers.facebook",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "spotsite.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "spotsite.outages.OutageMiddleware",  # the last one: the first to hear what a view raises
]
ROOT_URLCONF = "spotsite.urls"
WSGI_APPLICATION = "spotsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "spotsite.context.site",
            ],
        },
    },
]
DATABASES = {
    "default": dj_database_url.parse(
        DATABASE_URL,
        conn_max_age=60,
        conn_health_checks=True,
    )
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)
# A server that hangs is one that is away. A page waits for it once, at most a second in all
# (spotsite/valkey.py).
VALKEY_TIMEOUTS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
CACHES = {
    "default": {
        "BACKEND": "spotsite.valkey.Cache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "spotsite",
        "OPTIONS": VALKEY_TIMEOUTS,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEMO
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
globals().update(mail.settings(EMAIL_URL))
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", f"spotsite <spotsite@{_PUBLIC.hostname}>")
LOGGING_CONFIG = None
DEFAULT_EXCEPTION_REPORTER = "spotsite.reports.Report"
DEFAULT_EXCEPTION_REPORTER_FILTER = "spotsite.reports.ReportFilter"
logs.configure(level=env.choice("LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"}))

# The browser's side ---

_HOST_PREFIX = "__Host-" if HTTPS else ""
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "accounts.sessions.SealedSerializer"
SESSION_COOKIE_NAME = f"{_HOST_PREFIX}sessionid"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_HOST_PREFIX}csrftoken"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS and bool(TRUSTED_PROXIES)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Not a cookie: what the site says to somebody may hold their address.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Chromium applies form-action to a form's redirects too, so the providers are named.
        "form-action": [SELF, _origin(SPOTIFY_AUTHORIZE_URL), _origin(FACEBOOK_DIALOG_URL)],
    }
}

# Sign-in (django-allauth; reasons in docs/decisions/) ---

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _PUBLIC.scheme  # whatever a proxy says of the request
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_FORMS = {"confirm_email_verification_code": "accounts.addresses.ConfirmEmailForm"}
ACCOUNT_RATE_LIMITS = {"provider_login": "30/m/ip"}  # ours, beside allauth's own defaults
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_EMAIL_REQUIRED = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_QUERY_EMAIL = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = "spotsite"
MFA_TOTP_TOLERANCE = 1  # a code of the last half minute: people type slowly
# Without https only http://localhost gets passkeys, by the browsers' rule; 127.0.0.1 gets none.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
# The packages in accounts/providers decide all else: scopes, PKCE and addresses are no options.
SOCIALACCOUNT_PROVIDERS = {
    "spotify": {"APPS": [{"client_id": SPOTIFY_CLIENT_ID, "secret": SPOTIFY_CLIENT_SECRET}]},
    "facebook": {"APPS": [{"client_id": FACEBOOK_CLIENT_ID, "secret": FACEBOOK_CLIENT_SECRET}]},
}

# Background work (reasons in spotsite/celery.py) ---

VISIBILITY_SECONDS = 300
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": VISIBILITY_SECONDS,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "global_keyprefix": "spotsite:",
    # kombu reads BRPOP's answer when it is there, so no timeout cuts the wait for work short.
    **VALKEY_TIMEOUTS,
    # Else a page that sends a task tries for 6 s to connect. Worker and beat are more patient.
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False  # what is not sent now is found by a sweep
CELERY_VISIBILITY_TIMEOUT = VISIBILITY_SECONDS
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000  # KiB
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_ETA_TASK_LIMIT = 100
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # an outage may last for hours
CELERY_DB_REUSE_MAX = 100
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "maint"
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {
    name: {} for name in ("interactive", "push", "refresh", "maint")
}
# What is not named here is maintenance; runs say their queue themselves (playlists/tasks.py).
CELERY_TASK_ROUTES = {
    "accounts.tasks.refresh_*": {"queue": "refresh"},
    "accounts.tasks.withdraw_permission": {"queue": "interactive"},
}
CELERY_BEAT_SCHEDULER = "spotsite.scheduler:Scheduler"
# How many tasks that nobody waits for may run at once in one worker: the other slots stay free.
BACKGROUND_SLOTS = env.number("BACKGROUND_SLOTS", 2)
# The limit for all calls to Spotify's Web API (reasons in docs/decisions/budget.md).
SPOTIFY_CALLS_PER_SECOND = env.number("SPOTIFY_CALLS_PER_SECOND", 8)
SPOTIFY_BURST = env.number("SPOTIFY_BURST", 60)
SPOTIFY_CALLS_PER_PERSON = env.number("SPOTIFY_CALLS_PER_PERSON", 3000)
# After a write whose outcome is unknown nothing is trusted for this long (a call and 30 s).
SETTLE_SECONDS = env.number("SETTLE_SECONDS", 50)

# A run that would take out a larger share of a list (in %), or make more changes, asks first.
GUARD_SHARE = env.number("GUARD_SHARE", 50)
GUARD_CALLS = env.number("GUARD_CALLS", 400)

# A stored version is kept while it is younger, among the last ones of its list, or pinned.
VERSION_DAYS = env.number("VERSION_DAYS", 90)
VERSION_COUNT = env.number("VERSION_COUNT", 50)
# The largest recipe as a form: 200 conditions, and boxes for all playlists in some of them.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
# A stored list that no recipe names goes when it has not been used for so long.
LIST_DAYS = env.number("LIST_DAYS", 90)
LIST_COUNT = env.number("LIST_COUNT", 200)  # the most that a person may have
