"""XML from outside: bounded, without entities, document types or network."""

from lxml import etree

from billing.domain.refusals import Refused

LONGEST_FILE_BYTES = 20_000_000


class CannotReadFile(Refused):
    """The file cannot be read; the message says why and what to do."""


def parse(content: bytes) -> "etree._Element":
    """The root of an XML file; names keep their namespaces.

    Raises:
        CannotReadFile: too large, not well-formed, or with a document type (banks send none; attacks do).
    """
    if len(content) > LONGEST_FILE_BYTES:
        raise CannotReadFile("The file is larger than 20 MB; fetch a shorter period.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as problem:
        line, column = problem.position
        raise CannotReadFile(
            f"Line {line}, column {column}: the file is no sound XML ('{str(problem.msg)[:120]}'); fetch it again."
        ) from problem
    if root.getroottree().docinfo.doctype:
        raise CannotReadFile("The file has a document type, which neither banks nor markets send; it is not read.")
    return root


def message_name(root: "etree._Element") -> str:
    """The ISO 20022 message in the namespace, for example `camt.053.001.08`; empty if there is none."""
    namespace = etree.QName(root).namespace or ""
    return namespace.rsplit(":", 1)[-1] if ":iso:20022:" in namespace or ":xsd:" in namespace else ""


def strip_namespaces(root: "etree._Element") -> None:
    """Leave local names only, so that all versions of a message read alike."""
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
