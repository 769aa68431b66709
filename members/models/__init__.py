"""People and the cooperative they form."""

from members.models.access import AccessRecord
from members.models.cooperatives import Cooperative
from members.models.memberships import Member, Membership, Role
from members.models.notifications import Notification
from members.models.users import User

__all__ = ["AccessRecord", "Cooperative", "Member", "Membership", "Notification", "Role", "User"]
