"""Whose log-in sessions are: asked for many at once by doors that stay open."""

from collections.abc import Collection
from datetime import datetime
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare

from members.models import User


def users_of_sessions(keys: Collection[str], now: datetime) -> dict[str, User]:
    """The users of the sessions that still hold, by session key; `now` is real time.

    As `django.contrib.auth.get_user` judges: not expired, not logged out, the user active, the password the same.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore
    rows = store.get_model_class().objects.filter(session_key__in=keys, expire_date__gt=now)
    said = {row.session_key: store().decode(row.session_data) for row in rows}
    said = {key: data for key, data in said.items() if str(data.get(SESSION_KEY, "")).isdigit()}
    users = User.objects.filter(is_active=True).in_bulk({int(data[SESSION_KEY]) for data in said.values()})
    found = {}
    for key, data in said.items():
        user = users.get(int(data[SESSION_KEY]))
        known_backend = data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        if user is not None and known_backend and _is_for(user, str(data.get(HASH_SESSION_KEY, ""))):
            found[key] = user
    return found


def _is_for(user: User, digest: str) -> bool:
    """Whether the session was opened with the user's password of today, under this secret or one before it."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(digest, own) for own in hashes)
