"""Many ids go to the database as one array; what comes back is what Django's own list would bring."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.models import Cooperative, Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def members() -> list[Member]:
    cooperative = Cooperative.objects.create(slug="c", name="C")
    return Member.objects.bulk_create(Member(cooperative=cooperative, number=str(n), name=str(n)) for n in range(30))


def asked(queryset) -> tuple[set[int], str]:
    with CaptureQueriesContext(connection) as queries:
        found = set(queryset.values_list("pk", flat=True))
    return found, queries[0]["sql"]


def test_many_ids_are_one_array_and_few_are_a_list(members) -> None:
    ids = [member.pk for member in members]
    every, sql = asked(Member.objects.filter(pk__in=ids))
    assert every == set(ids) and "= ANY('{" in sql
    some, sql = asked(Member.objects.exclude(pk__in=set(ids[:20])).filter(pk__in=ids))
    assert some == set(ids[20:]) and sql.count("= ANY('{") == 2
    few, sql = asked(Member.objects.filter(pk__in=ids[:3]))
    assert few == set(ids[:3]) and "ANY" not in sql


def test_references_by_id_by_row_and_by_query_find_the_same(members) -> None:
    cooperative = members[0].cooperative
    ids = [cooperative.pk, *range(10**9, 10**9 + 30)]
    by_id, sql = asked(Member.objects.filter(cooperative__in=ids))
    assert "= ANY('{" in sql and len(by_id) == 30
    assert asked(Member.objects.filter(cooperative_id__in=tuple(ids)))[0] == by_id
    assert asked(Member.objects.filter(cooperative__in=[cooperative] * 20))[0] == by_id
    assert asked(Member.objects.filter(cooperative__in=Cooperative.objects.all()))[0] == by_id


def test_what_is_no_id_is_left_to_django(members) -> None:
    ids = [member.pk for member in members]
    assert asked(Member.objects.filter(pk__in=[None, *ids]))[0] == set(ids)
    assert asked(Member.objects.filter(pk__in=[str(pk) for pk in ids]))[0] == set(ids)
    assert asked(Member.objects.filter(pk__in=[2**63 + n for n in range(20)]))[0] == set()
    with pytest.raises(ValueError, match="expected a number"):
        asked(Member.objects.filter(pk__in=["x"] * 20))
