"""What goes out with a document: an e-invoice that keeps every rule of EN 16931, inside a PDF that can be kept and read aloud."""

import io

import facturx
import pypdf
import pytest

from benchmarks.e_invoice_rules import broken_rules
from billing.adapters.documents.e_invoice import CannotMark, invoice_xml, mark_as_invoice
from billing.domain.e_invoice import Terms, business_terms
from billing.models import Document
from billing.selectors.e_invoice import invoice_of
from billing.services.papers import blocks_to_print, pdf_of, print_documents
from billing.services.runs import CannotBill, prepare_run
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet


def terms_of(document: Document) -> Terms:
    return business_terms(invoice_of(document, document.lines.order_by("position")))


def xml_of(document: Document) -> bytes:
    return invoice_xml(terms_of(document))


def test_bills_and_self_billed_credits_keep_every_rule(hamlet: Hamlet) -> None:
    documents = list(Document.objects.filter(run=hamlet.bill()).order_by("kind", "number"))
    assert {document.kind for document in documents} == {"bill", "credit"}
    for document in documents:
        xml = xml_of(document)
        assert broken_rules(xml) == [], document.label


def test_a_broken_rule_is_named(hamlet: Hamlet) -> None:
    document = Document.objects.filter(run=hamlet.bill(), kind="bill").first()
    terms = terms_of(document) | {"BT-115": "0.01"}
    assert any("BR-CO-16" in rule for rule in broken_rules(invoice_xml(terms)))


def test_the_pdf_carries_the_invoice_and_says_so(hamlet: Hamlet, settings, tmp_path) -> None:
    settings.DOCUMENT_DIR = tmp_path
    document = Document.objects.filter(run=hamlet.bill(), kind="bill").first()
    pdf = pdf_of(document=document).read_bytes()
    name, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True)
    assert name == "factur-x.xml"
    assert xml == xml_of(document)
    root = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    assert [file.get_object()["/AFRelationship"] for file in root["/AF"]] == ["/Alternative"]
    assert root["/MarkInfo"]["/Marked"]
    metadata = root["/Metadata"].get_data().decode()
    for fact in ("<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", "<fx:ConformanceLevel>EN 16931<"):
        assert fact in metadata


def test_papers_of_a_block_are_those_made_singly(hamlet: Hamlet, settings, tmp_path) -> None:
    run = hamlet.bill()
    settings.DOCUMENT_DIR = tmp_path / "singly"
    singly = {d.pk: pdf_of(document=d).read_bytes() for d in Document.objects.filter(run=run)}
    settings.DOCUMENT_DIR = tmp_path / "block"
    [block] = blocks_to_print(run=run)
    assert print_documents(document_ids=block) == len(singly)
    assert {d.pk: pdf_of(document=d).read_bytes() for d in Document.objects.filter(run=run)} == singly
    assert blocks_to_print(run=run) == []
    assert print_documents(document_ids=block) == 0


def test_only_our_own_pdf_is_marked() -> None:
    with pytest.raises(CannotMark, match="trailer"):
        mark_as_invoice(b"%PDF-1.7\n")


def test_vat_without_a_vat_id_is_refused_before_anything_is_rated(hamlet: Hamlet) -> None:
    hamlet.cooperative.vat_id = ""
    hamlet.cooperative.save()
    with pytest.raises(CannotBill, match="VAT id"):
        prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
