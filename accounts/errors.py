"""What can go wrong with a linked account, sorted by who can put it right.

AccountError
├── ReauthorizationRequired   the user: give consent again
│   └── GrantDoubted          the user perhaps: the token was refused, a later probe decides
├── ProviderUnavailable       time: ask again later
│   └── BeingRefreshed        time: another worker holds the lease and did not finish
├── ProviderRefusedUs         an operator: our client id, secret or request is wrong
└── CredentialUnreadable      an operator: the stored token does not open

VaultError                    an operator: a key is missing, or a ciphertext was tampered with
├── KeyringError              TOKEN_KEYS is not a usable key ring
└── UnsealError               unknown key, changed byte, or another row's ciphertext
"""

from __future__ import annotations


class AccountError(Exception):
    """We could not get a usable token for a linked account."""

    def __init__(self, code: str, *, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code  # the provider's error code or ours, never its free text
        self.status = status


class ReauthorizationRequired(AccountError):
    """The grant is expired or revoked, and the person has to give consent again."""


class GrantDoubted(ReauthorizationRequired):
    """The provider says that the grant is gone, and we wait before we believe it."""


class ProviderUnavailable(AccountError):
    """The provider did not answer sensibly; the same call may work later."""

    def __init__(
        self, code: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(code, status=status)
        self.retry_after = retry_after


class BeingRefreshed(ProviderUnavailable):
    """Another worker refreshes this credential and has not finished in time."""


class ProviderRefusedUs(AccountError):
    """The provider rejects our application; only an operator can put it right."""


class CredentialUnreadable(AccountError):
    """The stored token does not open: its key is missing, or somebody wrote to the row."""


class VaultError(Exception):
    """Something sealed cannot be opened, or nothing can be sealed."""


class KeyringError(VaultError):
    """``TOKEN_KEYS`` is missing or not a usable key ring."""


class UnsealError(VaultError):
    """The key is unknown, a byte was changed, or the ciphertext belongs to another row or field."""
