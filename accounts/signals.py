"""What happened to a linked account or a person, told by ids, never by tokens.

Those of credentials are sent with ``send_robust``: a receiver that fails breaks no refresh.
"""

from __future__ import annotations

from django.dispatch import Signal

credential_stored = Signal()  # credential_id, reconnected: consent was given (again)
credential_refreshed = Signal()  # credential_id
credential_lost = Signal()  # credential_id, reason: the person has to reconnect, or disconnected
person_leaving = Signal()  # user_id: before the rows are deleted
provider_trouble = Signal()  # provider, trouble: "frozen" or the code with which it refuses us
account_moved = Signal()  # account_id, from_user_id, to_user_id: a link went to another person
person_shut_out = Signal()  # user_id: staff closed the door; their sessions are over
