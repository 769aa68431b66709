"""E-invoices as XML (UN/CEFACT Cross Industry Invoice, Factur-X's profile EN 16931), checked, and named in the PDF that carries them."""

import re

from facturx import generate_cii_xml, xml_check_xsd

from billing.domain.e_invoice import Terms

FILE_NAME = "factur-x.xml"
PROFILE = "en16931"


class InvalidInvoice(ValueError):
    """The XML breaks the schema or rules of EN 16931; the message names them."""


def invoice_xml(terms: Terms) -> bytes:
    """The business terms as XML, valid by its schema.

    Raises:
        InvalidInvoice: it is not.
    """
    try:
        xml: bytes = generate_cii_xml(terms, level=PROFILE, check_xsd=False, check_schematron=False)
        xml_check_xsd(xml, flavor="factur-x", level=PROFILE)
    except Exception as problem:  # the library raises nothing narrower
        raise InvalidInvoice(f"{terms.get('BT-1')}: {problem}") from problem
    return xml


NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
PROPERTIES = (
    ("DocumentFileName", FILE_NAME, "The name of the embedded XML document"),
    ("DocumentType", "INVOICE", "The type of the hybrid document in capital letters"),
    ("Version", "1.0", "The version of the standard that the embedded XML applies to"),
    ("ConformanceLevel", "EN 16931", "The conformance level of the embedded XML"),
)
SCHEMAS_END = b"</rdf:Bag></pdfaExtension:schemas>"


class CannotMark(ValueError):
    """The PDF is not built as our renderer builds it."""


def mark_as_invoice(pdf: bytes) -> bytes:
    """Say in the PDF's metadata that it carries a Factur-X invoice, as an incremental update: what was there stays byte for byte.

    Raises:
        CannotMark: the metadata, or the place where they are listed, are not where they should be.
    """
    trailer = _last(rb"trailer\s*<<(.*?)>>\s*startxref\s*(\d+)", pdf)
    root = _reference(rb"/Root (\d+) 0 R", trailer[1])
    catalogue = _object(pdf, root)
    number = _reference(rb"/Metadata (\d+) 0 R", catalogue)
    packet = _between(_object(pdf, number), b"stream\n", b"\nendstream")
    if SCHEMAS_END not in packet or b"</rdf:RDF>" not in packet:
        raise CannotMark("The PDF's metadata have no list of extension schemas.")
    marked = packet.replace(SCHEMAS_END, _schema() + SCHEMAS_END).replace(b"</rdf:RDF>", _statement() + b"</rdf:RDF>")
    body = b"\n%d 0 obj\n<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (number, len(marked), marked)
    xref_at = len(pdf) + len(body)
    entries = b"xref\n%d 1\n%010d 00000 n \n" % (number, len(pdf) + 1)
    ending = b"trailer\n<<%b/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (trailer[1].strip(), int(trailer[2]), xref_at)
    return pdf + body + entries + ending


def _last(pattern: bytes, pdf: bytes) -> re.Match[bytes]:
    found = list(re.finditer(pattern, pdf[-4096:], re.DOTALL))
    if not found:
        raise CannotMark("The PDF has no trailer.")
    return found[-1]


def _reference(pattern: bytes, text: bytes) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise CannotMark(f"The PDF has no {pattern.decode()}.")
    return int(found[1])


def _object(pdf: bytes, number: int) -> bytes:
    return _between(pdf, b"\n%d 0 obj" % number, b"endobj")


def _between(text: bytes, begin: bytes, end: bytes) -> bytes:
    start = text.find(begin)
    stop = text.find(end, start + len(begin))
    if start < 0 or stop < 0:
        raise CannotMark(f"The PDF has no {begin.decode().strip()}.")
    return text[start + len(begin) : stop]


def _schema() -> bytes:
    """The description of our properties that PDF/A asks for (ISO 19005-3, 6.6.2.3)."""
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        f"<pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>{what}</pdfaProperty:description>"
        "</rdf:li>"
        for name, _, what in PROPERTIES
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    ).encode()


def _statement() -> bytes:
    values = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value, _ in PROPERTIES)
    return f'<rdf:Description rdf:about="" xmlns:fx="{NAMESPACE}">{values}</rdf:Description>'.encode()
