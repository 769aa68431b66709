"""What rows of the witness and their fields are called, to be said in the reader's language."""

from django.utils.translation import gettext_noop

NAMES = (
    gettext_noop("address"), gettext_noop("anchor"), gettext_noop("anchors"), gettext_noop("applied wad"),
    gettext_noop("block number"), gettext_noop("calldata"), gettext_noop("chain deployment"),
    gettext_noop("chain deployments"), gettext_noop("chain id"), gettext_noop("chain payment"),
    gettext_noop("chain payments"), gettext_noop("chain transaction"), gettext_noop("chain transactions"),
    gettext_noop("confirmed at"), gettext_noop("contract"), gettext_noop("created at"),
    gettext_noop("document"), gettext_noop("expires at"), gettext_noop("function"),
    gettext_noop("gas used"), gettext_noop("genesis hash"), gettext_noop("hash"),
    gettext_noop("idempotency key"), gettext_noop("kind"), gettext_noop("leaves"),
    gettext_noop("linked at"), gettext_noop("member"), gettext_noop("microgrid"), gettext_noop("nonce"),
    gettext_noop("paid units"), gettext_noop("payer"), gettext_noop("payment"), gettext_noop("payment quote"),
    gettext_noop("payment quotes"), gettext_noop("period"), gettext_noop("position"),
    gettext_noop("problem"), gettext_noop("raw"), gettext_noop("revision"), gettext_noop("root"),
    gettext_noop("run"), gettext_noop("sender"), gettext_noop("status"), gettext_noop("subject"),
    gettext_noop("transaction"), gettext_noop("transaction hash"), gettext_noop("wallet link"),
    gettext_noop("wallet links"), gettext_noop("wei per minor"), gettext_noop("stable coin"), gettext_noop("stable coins"),
    gettext_noop("coin"), gettext_noop("symbol"), gettext_noop("decimals"), gettext_noop("named at"), gettext_noop("due minor"),
    gettext_noop("units per minor"), gettext_noop("missing since"), gettext_noop("vanished at"), gettext_noop("transaction version"),
    gettext_noop("transaction versions"), gettext_noop("max fee wei"), gettext_noop("signed at"),
    gettext_noop("chain withdrawal"), gettext_noop("public id"), gettext_noop("chain withdrawals"), gettext_noop("log index"), gettext_noop("credit wei"),
    gettext_noop("payee"), gettext_noop("units"), gettext_noop("revenue units"), gettext_noop("worth wad"), gettext_noop("worth minor"),
    gettext_noop("cooperative"), gettext_noop("charge"), gettext_noop("posted"), gettext_noop("bookings"), gettext_noop("seen at"),
)  # fmt: skip
