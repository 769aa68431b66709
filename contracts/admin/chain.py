"""Transactions, roots and payments on the chain; nothing here is edited, a check or another try is the most one does."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from contracts.adapters.ethereum import EthereumChain
from contracts.domain.chain import ChainUnavailable
from contracts.domain.checking import Finding
from contracts.models import (
    Anchor,
    AnchorKind,
    ChainDeployment,
    ChainPayment,
    ChainTransaction,
    ChainWithdrawal,
    PaymentQuote,
    StableCoin,
    TransactionStatus,
    WalletLink,
)
from contracts.selectors.coins import amount_in
from contracts.selectors.phrases import PHRASES
from contracts.services.outbox import try_again
from contracts.services.proofs import check_days, check_documents
from members.admin.roles import FactAdmin, RoleScope
from members.language import amount, said
from members.models import Role

WITNESS = (Role.OPERATOR, Role.AUDITOR)
BOOKS = (Role.AUDITOR, Role.TARIFF_ADMIN)
MOST_CHECKED_AT_ONCE = 31
MOST_FINDINGS_SHOWN = 10
COLOURS = {
    TransactionStatus.PENDING: "info",
    TransactionStatus.SENT: "warning",
    TransactionStatus.CONFIRMED: "success",
    TransactionStatus.FAILED: "danger",
}


class PublicFactAdmin(FactAdmin):
    """Facts of the whole installation's key, without a cooperative: each of them can be read on the chain by anybody."""

    view_roles = WITNESS

    def _may_row(self, request: HttpRequest, roles: Sequence[Role], row: Model | None) -> bool:
        return self._may(request, roles)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return super(RoleScope, self).get_queryset(request)


@admin.register(ChainTransaction)
class ChainTransactionAdmin(PublicFactAdmin):
    """The outbox: what waits, what was sent, what a contract refused and why."""

    list_display = ("what", "state", "nonce", "block_number", "gas_used", "created_at", "confirmed_at", "problem")
    list_filter = ("status", "contract", "function")
    search_fields = ("idempotency_key", "hash")
    ordering = ("-pk",)
    actions = ("send_again",)
    fields = (
        "idempotency_key",
        "contract",
        "function",
        "status",
        "problem",
        "chain_id",
        "sender",
        "nonce",
        "hash",
        "block_number",
        "gas_used",
        "calldata_size",
        "created_at",
        "confirmed_at",
    )
    readonly_fields = fields

    @display(description=gettext_lazy("Call"), ordering="idempotency_key")
    def what(self, row: ChainTransaction) -> str:
        return str(row)

    @display(description=gettext_lazy("Status"), ordering="status", label=COLOURS)
    def state(self, row: ChainTransaction) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=gettext_lazy("Data [bytes]"))
    def calldata_size(self, row: ChainTransaction) -> int:
        return len(bytes(row.calldata))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self._may(request, (Role.OPERATOR,))

    @admin.action(description=gettext_lazy("Try again what a contract refused"), permissions=["retry"])
    def send_again(self, request: HttpRequest, rows: QuerySet[ChainTransaction]) -> None:
        waiting = sum(try_again(transaction_id=pk) for pk in rows.values_list("pk", flat=True))
        left = rows.count() - waiting
        if waiting:
            messages.success(
                request,
                ngettext("%(n)s waits for the witness's next round.", "%(n)s wait for the witness's next round.", waiting) % {"n": waiting},
            )
        if left:
            messages.warning(
                request, _("%(n)s stay as they are: only what was refused before it was sent can be tried again.") % {"n": left}
            )


@admin.register(ChainDeployment)
class ChainDeploymentAdmin(PublicFactAdmin):
    """Where the contracts live."""

    list_display = ("contract", "address", "chain_id", "genesis_hash", "block")
    list_filter = ("chain_id",)
    list_select_related = ("transaction",)
    ordering = ("chain_id", "contract")

    @display(description=gettext_lazy("Block"))
    def block(self, row: ChainDeployment) -> int | None:
        return row.transaction.block_number


@admin.register(StableCoin)
class StableCoinAdmin(PublicFactAdmin):
    """The stable coins that the contract was told to take; the newest of a chain is taken."""

    list_display = ("symbol", "address", "decimals", "chain_id", "named_at", "state")
    list_select_related = ("transaction",)
    ordering = ("-pk",)

    @display(description=gettext_lazy("Status"), ordering="transaction__status", label=COLOURS)
    def state(self, row: StableCoin) -> tuple[str, str]:
        return row.transaction.status, row.transaction.get_status_display()


@admin.register(Anchor)
class AnchorAdmin(FactAdmin):
    """Roots of days and runs, with a check of everything below them."""

    view_roles = WITNESS
    cooperative_path = "microgrid__cooperative"
    list_display = ("name", "microgrid", "leaves", "state", "block", "root", "created_at")
    list_filter = ("kind", "microgrid", "transaction__status")
    list_select_related = ("microgrid", "transaction")
    search_fields = ("root", "cid", "=period")
    ordering = ("-pk",)
    actions = ("check_roots",)
    fields = ("kind", "microgrid", "run", "period", "revision", "leaves", "root", "subject", "cid", "transaction", "created_at")
    readonly_fields = fields

    @display(description=gettext_lazy("Anchor"), ordering="period")
    def name(self, row: Anchor) -> str:
        return str(row)

    @display(description=gettext_lazy("Status"), ordering="transaction__status", label=COLOURS)
    def state(self, row: Anchor) -> tuple[str, str]:
        return row.transaction.status, row.transaction.get_status_display()

    @display(description=gettext_lazy("Block"), ordering="transaction__block_number")
    def block(self, row: Anchor) -> int | None:
        return row.transaction.block_number

    @admin.action(description=gettext_lazy("Check what is stored now against the chain"), permissions=["view"])
    def check_roots(self, request: HttpRequest, rows: QuerySet[Anchor]) -> None:
        chosen = list(rows.select_related("microgrid", "run")[: MOST_CHECKED_AT_ONCE + 1])
        if len(chosen) > MOST_CHECKED_AT_ONCE:
            messages.error(request, _("Choose at most %(n)s at once.") % {"n": MOST_CHECKED_AT_ONCE})
            return
        chain = EthereumChain(settings.CHAIN_RPC_URL)
        try:
            findings = [finding for anchor in chosen for finding in _check(chain, anchor)]
        except ChainUnavailable as down:
            messages.error(request, said(str(down), PHRASES))
            return
        for finding in findings[:MOST_FINDINGS_SHOWN]:
            messages.error(request, f"{finding.subject}: {said(finding.detail, PHRASES)}")
        if len(findings) > MOST_FINDINGS_SHOWN:
            messages.error(request, _("... and %(n)s more.") % {"n": len(findings) - MOST_FINDINGS_SHOWN})
        if not findings:
            leaves = sum(anchor.leaves for anchor in chosen)
            messages.success(
                request,
                _("%(roots)s roots checked with %(leaves)s leaves: everything is as anchored.") % {"roots": len(chosen), "leaves": leaves},
            )


def _check(chain: EthereumChain, anchor: Anchor) -> list[Finding]:
    """Check a run's documents, or a day by its newest root."""
    if anchor.kind == AnchorKind.RUN and anchor.run is not None:
        return check_documents(chain=chain, run=anchor.run).findings
    day = datetime.strptime(str(anchor.period), "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    return check_days(chain=chain, microgrid=anchor.microgrid, days=[day])


@admin.register(PaymentQuote)
class PaymentQuoteAdmin(FactAdmin):
    """What bills cost in the chain's coin and in the stable coin, and until when."""

    view_roles = BOOKS
    cooperative_path = "document__cooperative"
    list_display = ("document", "in_own_coin", "in_stable_coin", "expires_at")
    list_select_related = ("document", "coin")
    search_fields = ("document__label",)
    ordering = ("-pk",)

    @display(description=gettext_lazy("In the chain's coin"), ordering="due_minor")
    def in_own_coin(self, row: PaymentQuote) -> str:
        return amount_in(row.due_minor * row.wei_per_minor, None)

    @display(description=gettext_lazy("In the stable coin"), ordering="units_per_minor")
    def in_stable_coin(self, row: PaymentQuote) -> str:
        return amount_in(row.due_minor * row.units_per_minor, row.coin) if row.coin else "–"


@admin.register(ChainPayment)
class ChainPaymentAdmin(FactAdmin):
    """Payments seen on the chain, and as what they were booked."""

    view_roles = BOOKS
    cooperative_path = "document__cooperative"
    list_display = ("document", "payer", "paid", "booked", "transaction_hash")
    list_filter = ("coin",)
    list_select_related = ("document", "payment", "coin")
    search_fields = ("document__label", "transaction_hash", "payer")
    ordering = ("-pk",)

    @display(description=gettext_lazy("Paid"), ordering="paid_units")
    def paid(self, row: ChainPayment) -> str:
        return amount_in(row.paid_units, row.coin)

    @display(description=gettext_lazy("Booked"))
    def booked(self, row: ChainPayment) -> str:
        return f"{amount(row.payment.amount_minor)} {row.document.currency}" if row.payment else "–"


@admin.register(ChainWithdrawal)
class ChainWithdrawalAdmin(FactAdmin):
    """Withdrawals seen on the chain, and as what they were booked."""

    view_roles = BOOKS
    cooperative_path = "cooperative"
    list_display = ("payee", "left", "booked_as", "seen_at", "transaction_hash")
    list_filter = ("coin",)
    list_select_related = ("charge__member", "posted", "coin", "cooperative")
    search_fields = ("payee", "transaction_hash")
    ordering = ("-pk",)

    @display(description=gettext_lazy("Left the contract"), ordering="units")
    def left(self, row: ChainWithdrawal) -> str:
        return amount_in(row.units, row.coin)

    @display(description=gettext_lazy("Booked"), ordering="worth_minor")
    def booked_as(self, row: ChainWithdrawal) -> str:
        if row.charge is None and row.posted is None:
            return "–"
        whose = row.charge.member.name if row.charge is not None else _("the cooperative's own wallet")
        currency = row.cooperative.currency if row.cooperative is not None else ""
        return f"{amount(row.worth_minor)} {currency}, {whose}"


@admin.register(WalletLink)
class WalletLinkAdmin(FactAdmin):
    """Wallets that members have shown to be theirs."""

    view_roles = (Role.SUPPORT, Role.AUDITOR)
    cooperative_path = "member__cooperative"
    list_display = ("member", "address", "linked_at")
    list_select_related = ("member",)
    search_fields = ("member__name", "address")
    ordering = ("member__number",)
