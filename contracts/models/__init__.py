"""The witness's memory: what was sent to the chain, what it stands for, what came back."""

from contracts.models.anchors import Anchor, AnchorKind, AnchorLeaf
from contracts.models.keys import MemberDataKey, WalletLink
from contracts.models.payments import ChainCursor, ChainPayment, ChainWithdrawal, PaymentQuote, StableCoin
from contracts.models.storages import StorageMirror
from contracts.models.transactions import ChainDeployment, ChainTransaction, TransactionStatus, TransactionVersion

__all__ = [
    "Anchor",
    "AnchorKind",
    "AnchorLeaf",
    "ChainCursor",
    "ChainDeployment",
    "ChainPayment",
    "ChainTransaction",
    "ChainWithdrawal",
    "MemberDataKey",
    "PaymentQuote",
    "StableCoin",
    "StorageMirror",
    "TransactionStatus",
    "TransactionVersion",
    "WalletLink",
]
