// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Bills of a microgrid and their payment
/// @notice Amounts in minor units of the cooperative's currency, payments in wei at a quote per bill, periods as YYYYMM.
interface IBilling {
    enum BillStatus {
        Open,
        Paid,
        Cancelled
    }

    struct Rate {
        bytes32 id;
        uint256 baseRate;
        uint256 peakMultiplier;
        uint256 incentiveRate;
        uint256 validFrom;
    }

    struct Bill {
        bytes32 id;
        bytes32 consumerId;
        uint256 period;
        uint256 amount;
        uint256 incentives;
        BillStatus status;
    }

    /// @notice What the cooperative posts for one bill.
    struct BillPosting {
        bytes32 billId;
        bytes32 consumerId;
        uint32 period;
        uint256 amountMinor;
        uint256 incentivesMinor;
        uint256 quoteWei;
        uint64 quoteExpiresAt;
    }

    error BillExists(bytes32 id);
    error BillUnknown(bytes32 id);
    error BillNotOpen(bytes32 id);
    error NoBills(bytes32 consumerId, uint256 period);
    error NoQuote(bytes32 id);
    error QuoteExpired(bytes32 id, uint64 expiredAt);
    error NothingPaid();
    error NothingToWithdraw();
    error TransferFailed();
    error BatchExists(bytes32 id);
    error BatchUnknown(bytes32 id);
    error BatchDistributed(bytes32 id);
    error NoWeights();
    error LengthsDiffer();
    error NothingToApply(bytes32 consumerId);

    event RateSet(
        bytes32 indexed id, uint256 baseRate, uint256 peakMultiplier, uint256 incentiveRate, uint256 validFrom
    );
    event BillPosted(
        bytes32 indexed billId,
        bytes32 indexed consumerId,
        uint32 indexed period,
        uint256 amount,
        uint256 incentives
    );
    event BillQuoted(bytes32 indexed billId, uint256 quoteWei, uint64 expiresAt);
    event PaymentReceived(
        bytes32 indexed billId,
        address indexed payer,
        uint256 paidWei,
        uint256 appliedWei,
        uint256 restWei,
        uint256 creditWei
    );
    event BillSettled(bytes32 indexed billId, bool onChain);
    event BillCancelled(bytes32 indexed billId);
    event IncentiveGranted(bytes32 indexed consumerId, uint256 amount);
    event IncentivesApplied(bytes32 indexed consumerId, bytes32 indexed billId, uint256 amount);
    event RevenuePosted(bytes32 indexed batchId, uint256 payees, uint256 weight);
    event RevenueDistributed(bytes32 indexed batchId, uint256 amountWei);
    event Withdrawn(address indexed payee, uint256 amountWei);

    /// @notice Returns the posted amount of a consumer's bills of a period, less incentives applied [minor units].
    function calculateBill(bytes32 consumerId, uint256 period) external returns (uint256);

    /// @notice Pays a bill at its quote: too little leaves a rest, too much becomes the payer's credit.
    function processPayment(bytes32 billId) external payable;

    /// @notice Shares the wei received and not yet distributed among a batch's payees; they withdraw.
    function distributeRevenue(bytes32 batchId) external;

    /// @notice Applies granted incentives to the consumer's newest open bill; returns what was applied [minor units].
    function applyIncentives(bytes32 consumerId) external returns (uint256);
}
