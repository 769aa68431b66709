"""Which loads, plants and batteries form a site."""

from hypothesis import given
from hypothesis import strategies as st

from energy.domain.site_plan import Connected, PlannedSite, plan_sites


def plan(loads: list[Connected], sources: list[Connected] | None = None, storages: list[Connected] | None = None) -> dict[str, PlannedSite]:
    return {site.code: site for site in plan_sites(loads, sources or [], storages or [])}


def test_what_hangs_beside_the_only_home_belongs_to_it() -> None:
    sites = plan([Connected("home", "A", True), Connected("pump", "A"), Connected("charger", "A")], [Connected("roof", "A")])
    assert list(sites) == ["home"]
    assert (sites["home"].loads, sites["home"].sources) == (["home", "pump", "charger"], ["roof"])
    assert sites["home"].owner_is_member


def test_where_two_homes_share_a_busbar_the_plant_is_the_cooperatives() -> None:
    sites = plan([Connected("one", "A", True), Connected("two", "A", True), Connected("pump", "A")], [Connected("roof", "A")])
    assert {code: site.owner_is_member for code, site in sites.items()} == {"one": True, "two": True, "pump": False, "roof": False}


def test_a_storage_is_a_site_of_its_own_even_beside_a_home() -> None:
    sites = plan([Connected("home", "A", True)], [], [Connected("box", "A")])
    assert sites["box"].storages == ["box"]
    assert not sites["box"].owner_is_member
    assert sites["home"].storages == []


def test_ids_that_files_share_become_different_sites() -> None:
    sites = plan_sites([Connected("1", "A", True)], [Connected("1", "B")], [Connected("1", "C"), Connected("2", "C")])
    assert [site.code for site in sites] == ["1", "plant 1", "storage 1", "2"]


busbars = st.sampled_from("ABC")
homes = st.lists(st.tuples(busbars, st.booleans()), max_size=8)


@given(homes, st.lists(busbars, max_size=6), st.lists(busbars, max_size=4))
def test_everything_stands_behind_exactly_one_site(loads: list[tuple[str, bool]], sources: list[str], storages: list[str]) -> None:
    sites = plan_sites(
        [Connected(f"{i}", busbar, is_home) for i, (busbar, is_home) in enumerate(loads)],
        [Connected(f"{i}", busbar) for i, busbar in enumerate(sources)],
        [Connected(f"{i}", busbar) for i, busbar in enumerate(storages)],
    )
    assert sorted(code for site in sites for code in site.loads) == sorted(f"{i}" for i in range(len(loads)))
    assert sorted(code for site in sites for code in site.sources) == sorted(f"{i}" for i in range(len(sources)))
    assert sorted(code for site in sites for code in site.storages) == sorted(f"{i}" for i in range(len(storages)))
    assert len({site.code for site in sites}) == len(sites)
    assert sum(site.owner_is_member for site in sites) == sum(is_home for _, is_home in loads)
