"""pain.002, versions 03 to 14: what the bank says of a file it was given, whole, group by group, payment by payment."""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from billing.adapters.bank.xml import CannotReadFile, message_name, parse, strip_namespaces

MESSAGE = re.compile(r"pain\.002\.001\.\d{2}")


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What became of one payment; `status` is RJCT, ACSC, PDNG, ..."""

    end_to_end_id: str
    status: str
    code: str


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The answer to a file; `status` counts for all where no group or payment says its own."""

    message_id: str
    status: str
    code: str
    items: tuple[ItemAnswer, ...]
    rejected_groups: tuple[tuple[str, str], ...]


def read_status_report(content: bytes) -> StatusReport:
    """Read an answer.

    Raises:
        CannotReadFile: it is none.
    """
    root = parse(content)
    if not MESSAGE.fullmatch(message_name(root)):
        raise CannotReadFile(
            f"The file is {message_name(root) or 'XML of another kind'}, not pain.002; bring the bank's answer to an order."
        )
    strip_namespaces(root)
    group = root.find("CstmrPmtStsRpt/OrgnlGrpInfAndSts")
    if group is None or not group.findtext("OrgnlMsgId"):
        raise CannotReadFile("The answer does not say to which file it answers (OrgnlMsgId); ask the bank for it again.")
    items, rejected = [], []
    for payments in root.findall("CstmrPmtStsRpt/OrgnlPmtInfAndSts"):
        if payments.findtext("PmtInfSts") == "RJCT":
            rejected.append((payments.findtext("OrgnlPmtInfId", ""), _reason(payments)))
        items += [
            ItemAnswer(one.findtext("OrgnlEndToEndId", "").strip(), one.findtext("TxSts", "").strip(), _reason(one))
            for one in payments.findall("TxInfAndSts")
        ]
    return StatusReport(
        group.findtext("OrgnlMsgId", "").strip(), (group.findtext("GrpSts") or "").strip(), _reason(group), tuple(items), tuple(rejected)
    )


def _reason(element: Element) -> str:
    find = element.findtext
    return (find("StsRsnInf/Rsn/Cd") or find("StsRsnInf/Rsn/Prtry") or "").strip()[:8]
