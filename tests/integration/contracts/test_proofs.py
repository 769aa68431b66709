"""Proofs against a real chain: whole when nothing was touched, and every wound named."""

import pytest
from eth_abi import encode

from billing.models import Document, DocumentLine
from contracts.domain.checking import FindingKind
from contracts.domain.commitments import field_hashes, hexed, unhexed
from contracts.domain.merkle import keccak, leaf_hash, root_from
from contracts.models import Anchor, AnchorKind, AnchorLeaf
from contracts.selectors.bundles import NotAnchoredYet, proof_bundle
from contracts.services.outbox import address_on
from contracts.services.proofs import check_days, check_documents, root_on_chain
from contracts.services.witness import witness
from energy.models import Meter
from grid.services.day_close import close_day
from tests.integration.grid.conftest import DAY, SHOWN_NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def anchored(chain, settled):
    witness(chain=chain, now=SHOWN_NOW)
    return settled


def test_untouched_documents_and_days_are_proved(chain, anchored, microgrid, measured_days):
    report = check_documents(chain=chain, run=anchored)
    assert (report.checked, report.failed) == (anchored.documents.count(), 0)
    assert report.checked > 4
    assert report.findings == check_days(chain=chain, microgrid=microgrid, days=measured_days) == []


def test_a_bundle_can_be_checked_without_the_product(chain, anchored, bill):
    bundle = proof_bundle(bill)
    salt = unhexed(bundle["salt"])
    pairs = [(f["path"], f["value"]) for f in bundle["document"]["fields"]]
    hashes = [keccak(keccak(salt + k.to_bytes(4, "big")) + f"{path}={value}".encode()) for k, (path, value) in enumerate(pairs)]
    assert [hexed(h) for h in hashes] == bundle["field_hashes"]
    assert hexed(keccak(b"".join(hashes))) == bundle["commitment"] == bundle["leaf"]["values"][-1]
    values = [unhexed(v) if str(v).startswith("0x") else v for v in bundle["leaf"]["values"]]
    leaf = leaf_hash(encode(bundle["leaf"]["types"], values))
    assert hexed(root_from(leaf, [unhexed(p) for p in bundle["proof"]])) == bundle["root"]
    anchor = bundle["anchor"]
    assert anchor["contract"] == address_on(chain, "Billing")
    words = [unhexed(anchor["subject"]), anchor["period"], anchor["revision"], leaf, [unhexed(p) for p in bundle["proof"]]]
    assert chain.call("Billing", anchor["contract"], "verify", words) is True
    words[3] = keccak(leaf)
    assert chain.call("Billing", anchor["contract"], "verify", words) is False


def test_before_the_witness_came_there_is_no_proof(bill):
    with pytest.raises(NotAnchoredYet):
        proof_bundle(bill)


def test_a_changed_cent_is_named_with_its_line(chain, anchored, bill, behind_the_back):
    line = DocumentLine.objects.filter(document=bill).order_by("position")[1]
    behind_the_back("UPDATE billing_documentline SET net_minor = net_minor + 1 WHERE id = %s", line.pk)
    report = check_documents(chain=chain, run=anchored)
    [finding] = report.findings
    assert report.failed == 1
    assert (finding.kind, finding.subject) == (FindingKind.CONTENT, bill.label)
    assert "(lines/1/net_minor)" in finding.detail
    assert f"'{line.net_minor + 1}'" in finding.detail


def test_the_bundle_of_a_changed_bill_still_holds_what_was_anchored(anchored, bill, behind_the_back):
    behind_the_back("UPDATE billing_document SET net_minor = net_minor + 1, gross_minor = gross_minor + 1 WHERE id = %s", bill.pk)
    bundle = proof_bundle(Document.objects.get(pk=bill.pk))
    pairs = [(f["path"], f["value"]) for f in bundle["document"]["fields"]]
    now = [hexed(h) for h in field_hashes(unhexed(bundle["salt"]), pairs)]
    wrong = [path for (path, _), a, b in zip(pairs, now, bundle["field_hashes"], strict=True) if a != b]
    assert wrong == ["net_minor", "gross_minor"]
    assert hexed(keccak(b"".join(unhexed(h) for h in bundle["field_hashes"]))) == bundle["commitment"]


def test_a_line_that_is_gone_is_named(chain, anchored, bill, behind_the_back):
    line = DocumentLine.objects.filter(document=bill).order_by("position")[0]
    behind_the_back("DELETE FROM billing_documentline WHERE id = %s", line.pk)
    [finding] = check_documents(chain=chain, run=anchored).findings
    assert finding.subject == bill.label
    assert "fields and has" in finding.detail


def test_a_changed_leaf_is_named_and_nothing_else(chain, anchored, bill, behind_the_back):
    behind_the_back(
        "UPDATE contracts_anchorleaf SET leaf = set_byte(leaf, 5, (get_byte(leaf, 5) + 1) %% 256) WHERE document_id = %s", bill.pk
    )
    report = check_documents(chain=chain, run=anchored)
    assert [(f.kind, f.subject) for f in report.findings] == [(FindingKind.LEAF, bill.label)]
    assert report.failed == report.checked  # with a broken tree nobody's proof leads to the root


def test_a_changed_salt_is_named(chain, anchored, bill, behind_the_back):
    behind_the_back(
        "UPDATE contracts_anchorleaf SET salt = set_byte(salt, 0, (get_byte(salt, 0) + 1) %% 256) WHERE document_id = %s", bill.pk
    )
    report = check_documents(chain=chain, run=anchored)
    assert report.failed == 1
    assert {f.subject for f in report.findings} == {bill.label}


def test_a_lost_leaf_is_named(chain, anchored, bill):
    AnchorLeaf.objects.get(document=bill).delete()
    findings = check_documents(chain=chain, run=anchored).findings
    assert (FindingKind.NO_LEAF, bill.label) in {(f.kind, f.subject) for f in findings}


def test_a_root_that_the_chain_does_not_hold_fails_everything(chain, anchored):
    Anchor.objects.filter(run=anchored).update(root="0x" + "11" * 32)
    report = check_documents(chain=chain, run=anchored)
    assert report.failed == report.checked
    [finding] = report.findings
    assert finding.kind is FindingKind.ROOT
    assert "another root" in str(finding)


def test_content_and_leaf_and_root_changed_together_still_do_not_fool_the_chain(chain, anchored, bill, behind_the_back):
    """Whoever owns the whole database can make it fit itself, but not the chain."""
    from contracts.services.anchoring import anchor_run

    behind_the_back("UPDATE billing_document SET net_minor = net_minor - 1, gross_minor = gross_minor - 1 WHERE id = %s", bill.pk)
    Anchor.objects.filter(run=anchored).delete()
    anchor_run(chain=chain, run=anchored, now=SHOWN_NOW)
    report = check_documents(chain=chain, run=anchored)
    assert report.failed == report.checked
    assert "another root on the chain" in str(report.findings[0])


def test_a_changed_reading_is_named_with_meter_day_and_channel(chain, anchored, microgrid, measured_days, behind_the_back):
    meter = Meter.objects.filter(microgrid=microgrid, kind="site").order_by("pk")[0]
    behind_the_back(
        "UPDATE energy_meterday SET values_wh[40] = values_wh[40] + 1 WHERE day = %s AND meter_id = %s AND channel = 1", DAY, meter.pk
    )
    [finding] = check_days(chain=chain, microgrid=microgrid, days=measured_days)
    assert finding.kind is FindingKind.CONTENT
    assert finding.subject.startswith(f"{meter.code} on {DAY}, ")


def test_a_meter_day_that_is_gone_is_named(chain, anchored, microgrid, measured_days, behind_the_back):
    meter = Meter.objects.filter(microgrid=microgrid, kind="site").order_by("pk")[0]
    behind_the_back("DELETE FROM energy_meterday WHERE day = %s AND meter_id = %s AND channel = 1", DAY, meter.pk)
    [finding] = check_days(chain=chain, microgrid=microgrid, days=measured_days)
    assert finding.kind is FindingKind.MISSING
    assert finding.subject.startswith(f"{meter.code} on {DAY}, ")


def test_a_corrected_day_gets_the_next_revision_and_the_old_root_stays(chain, anchored, microgrid, measured_days, correct_meter):
    first = Anchor.objects.get(kind=AnchorKind.DAY, period=20160601)
    meter = Meter.objects.filter(microgrid=microgrid, kind="site").order_by("pk")[0]
    correct_meter(meter, DAY, 5000)
    assert len(check_days(chain=chain, microgrid=microgrid, days=[DAY])) == 1
    close_day(microgrid=microgrid, day=DAY, now=SHOWN_NOW)
    assert witness(chain=chain, now=SHOWN_NOW).anchored == 1
    second = Anchor.objects.get(kind=AnchorKind.DAY, period=20160601, revision=1)
    assert root_on_chain(chain, first) == first.root != second.root == root_on_chain(chain, second)
    assert check_days(chain=chain, microgrid=microgrid, days=measured_days) == []


def test_with_the_node_stopped_the_check_says_so(node, chain, anchored, microgrid):
    node.kill()
    report = check_documents(chain=chain, run=anchored)
    assert report.failed == report.checked > 0
    assert [f.kind for f in report.findings] == [FindingKind.UNREACHABLE]
    assert "does not answer" in str(report.findings[0])


def test_members_get_the_proofs_of_their_own_bills_only(client, anchored, household, stranger):
    own = Document.objects.filter(run=anchored, member__memberships__user=household).first()
    others = Document.objects.filter(run=anchored).exclude(member=own.member).first()
    assert client.get(f"/api/v1/bills/{own.public_id}/proof/").status_code in (401, 403)
    client.force_login(household)
    reply = client.get(f"/api/v1/bills/{own.public_id}/proof/")
    assert reply.status_code == 200
    assert reply.json()["root"] == Anchor.objects.get(run=anchored).root
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert client.get(f"/api/v1/bills/{others.public_id}/proof/").status_code == 404
    client.force_login(stranger)
    assert client.get(f"/api/v1/bills/{own.public_id}/proof/").status_code == 404


def test_a_bill_that_is_not_anchored_yet_says_so_by_api(client, settled, household):
    own = Document.objects.filter(run=settled, member__memberships__user=household).first()
    client.force_login(household)
    reply = client.get(f"/api/v1/bills/{own.public_id}/proof/")
    assert reply.status_code == 409
    assert "not on the chain yet" in reply.json()["detail"]


def test_a_member_checks_an_own_meter_day_without_the_product(client, chain, anchored, household, stranger):
    meter = Meter.objects.filter(site__member__memberships__user=household, kind="site").first()
    address = f"/api/v1/meters/{meter.public_id}/days/{DAY}/proof/"
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    client.force_login(household)
    assert client.get(address.replace(str(DAY), "2016-06-09")).status_code == 409
    assert client.get(address.replace(str(DAY), "2016-13-09")).status_code == 404
    bundle = client.get(address).json()
    assert [c["channel"] for c in bundle["channels"]] == ["import", "export"]
    for channel in bundle["channels"]:
        assert len(channel["values_wh"]) == 96
        content = unhexed(channel["content"])
        values = [int.from_bytes(content[i : i + 4], "big") for i in range(25, 25 + 4 * 96, 4)]
        assert values == channel["values_wh"]
        assert hexed(keccak(unhexed(channel["salt"]) + content)) == channel["commitment"]
        words = [unhexed(v) if str(v).startswith("0x") else v for v in channel["leaf"]["values"]]
        assert hexed(words[-1]) == channel["commitment"]
        leaf = leaf_hash(encode(channel["leaf"]["types"], words))
        assert hexed(root_from(leaf, [unhexed(p) for p in channel["proof"]])) == bundle["root"]
    anchor = bundle["anchor"]
    found = chain.call("GridBalancing", anchor["contract"], "rootOf", [unhexed(anchor["subject"]), anchor["period"], 0])
    assert hexed(found) == bundle["root"]
