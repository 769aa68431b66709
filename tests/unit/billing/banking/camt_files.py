"""camt files as banks of different versions write them, built from the message definitions."""

from collections.abc import Sequence


def entry(
    amount: str,
    *,
    side: str = "CRDT",
    day: str = "2016-04-05",
    details: str = "",
    version: int = 8,
    more: str = "",
    currency: str = "EUR",
    status: str = "BOOK",
    ref: str = "",
) -> str:
    """One Ntry; `details` are TxDtls elements."""
    state = f"<Cd>{status}</Cd>" if version >= 4 else status
    reference = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    inside = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{more}<Sts>{state}</Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>{reference}{inside}</Ntry>"
    )


def detail(
    *,
    amount: str = "",
    side: str = "",
    name: str = "",
    iban: str = "",
    text: str | Sequence[str] = "",
    end_to_end: str = "",
    reference: str = "",
    version: int = 8,
    role: str = "Dbtr",
    returned: str = "",
    mandate: str = "",
    ref: str = "",
    charges: str = "",
    original: str = "",
    payment_group: str = "",
) -> str:
    """One TxDtls."""
    refs = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" * bool(ref) + f"<PmtInfId>{payment_group}</PmtInfId>" * bool(payment_group)
    refs += f"<EndToEndId>{end_to_end}</EndToEndId>" * bool(end_to_end) + f"<MndtId>{mandate}</MndtId>" * bool(mandate)
    if amount and version >= 3:
        sums = f'<Amt Ccy="EUR">{amount}</Amt>' + f"<CdtDbtInd>{side}</CdtDbtInd>" * bool(side)
    else:
        sums = f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>' * bool(amount)
    if original:
        sums += f'<AmtDtls><InstdAmt><Amt Ccy="EUR">{original}</Amt></InstdAmt></AmtDtls>'
    took = f'<Amt Ccy="EUR">{charges}</Amt>'
    fees = (f"<Chrgs><Rcrd>{took}</Rcrd></Chrgs>" if version >= 3 else f"<Chrgs>{took}</Chrgs>") * bool(charges)
    party = f"<Pty><Nm>{name}</Nm></Pty>" if version >= 8 else f"<Nm>{name}</Nm>"
    parties = f"<{role}>{party}</{role}>" * bool(name)
    parties += f"<{role}Acct><Id><IBAN>{iban}</IBAN></Id></{role}Acct>" * bool(iban)
    lines = [text] if isinstance(text, str) else text
    words = "".join(f"<Ustrd>{line}</Ustrd>" for line in lines if line)
    words += f"<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>" * bool(reference)
    return (
        f"<TxDtls><Refs>{refs}</Refs>{sums}{fees}"
        + f"<RltdPties>{parties}</RltdPties>" * bool(parties)
        + f"<RmtInf>{words}</RmtInf>" * bool(words)
        + f"<RtrInf><Rsn><Cd>{returned}</Cd></Rsn></RtrInf>" * bool(returned)
        + "</TxDtls>"
    )


def balance(code: str, amount: str, day: str, side: str = "CRDT") -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def camt(
    *entries: str,
    message: str = "053",
    version: int = 8,
    iban: str = "DE89370400440532013000",
    number: str = "S1",
    sequence: int | None = None,
    balances: str = "",
) -> bytes:
    """A whole file with one statement."""
    body, part = {"052": ("BkToCstmrAcctRpt", "Rpt"), "053": ("BkToCstmrStmt", "Stmt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}[message]
    counted = f"<ElctrncSeqNb>{sequence}</ElctrncSeqNb>" * (sequence is not None)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version:02d}"><{body}>'
        f"<GrpHdr><MsgId>M</MsgId><CreDtTm>2016-04-06T05:00:00</CreDtTm></GrpHdr><{part}><Id>{number}</Id>{counted}"
        f"<CreDtTm>2016-04-06T05:00:00</CreDtTm><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{''.join(entries)}"
        f"</{part}></{body}></Document>"
    ).encode()
