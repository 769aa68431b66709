// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Bills of a microgrid and their payment
/// @notice Amounts in minor units of the cooperative's currency, periods as YYYYMM. A bill is paid in the chain's coin or in a stable
/// coin (an ERC-20 token) at the rates of its quote, or in parts of both: what is left is one figure, in minor units with 18 decimals
/// (a wad, see `Wad`). The chain's coin is the token with address zero.
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

    /// @notice At what rates a bill can be paid until when. `dueMinor` is its amount less what was paid off the chain; what is paid on it
    /// the contract itself takes off, so that a payment on its way counts however late a quote comes. A rate of zero: not in that coin.
    struct Terms {
        uint64 dueMinor;
        uint96 weiPerMinor;
        uint96 unitsPerMinor;
        uint64 expiresAt;
    }

    /// @notice What a bill costs now: the rest, in wei, or in units of the stable coin (zero where it is not taken).
    struct Offer {
        uint256 restWad;
        uint256 restWei;
        address token;
        uint256 restUnits;
        uint64 expiresAt;
    }

    /// @notice What the cooperative posts for one bill.
    struct BillPosting {
        bytes32 billId;
        bytes32 consumerId;
        uint32 period;
        uint256 amountMinor;
        uint256 incentivesMinor;
        Terms terms;
    }

    error BillExists(bytes32 id);
    error BillUnknown(bytes32 id);
    error BillNotOpen(bytes32 id);
    error NoBills(bytes32 consumerId, uint256 period);
    error NoQuote(bytes32 id);
    error QuoteExpired(bytes32 id, uint64 expiredAt);
    error NothingPaid();
    error CoinNotTaken(bytes32 id, address token);
    error NotACoin(address token);
    error NothingToWithdraw();
    error TransferFailed();
    error BatchExists(bytes32 id);
    error BatchUnknown(bytes32 id);
    error BatchDistributed(bytes32 id);
    error NothingToDistribute(bytes32 id);
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
    event BillQuoted(
        bytes32 indexed billId, uint64 dueMinor, uint96 weiPerMinor, uint96 unitsPerMinor, uint64 expiresAt
    );
    /// @notice From now on this is the stable coin; zero: none is taken.
    event StableCoinNamed(address indexed token, uint256 number);
    /// @param paid what came from the payer: wei sent, or units of the token that arrived.
    /// @param appliedWad what of the bill that paid, with the payer's credit; all of these of a bill sum up to what is due.
    /// @param creditWei the payer's credit after it.
    event PaymentReceived(
        bytes32 indexed billId,
        address indexed payer,
        address indexed token,
        uint256 paid,
        uint256 appliedWad,
        uint256 restWad,
        uint256 creditWei
    );
    event BillSettled(bytes32 indexed billId, bool onChain);
    event BillCancelled(bytes32 indexed billId);
    event IncentiveGranted(bytes32 indexed consumerId, uint256 amount);
    event IncentivesApplied(bytes32 indexed consumerId, bytes32 indexed billId, uint256 amount);
    event RevenuePosted(bytes32 indexed batchId, uint256 payees, uint256 weight);
    event RevenueDistributed(bytes32 indexed batchId, address indexed token, uint256 amount);
    event Withdrawn(address indexed payee, address indexed token, uint256 amount);

    /// @notice Returns the posted amount of a consumer's bills of a period, less incentives applied [minor units].
    function calculateBill(bytes32 consumerId, uint256 period) external returns (uint256);

    /// @notice Pays a bill in the chain's coin at its quote: too little leaves a rest, too much becomes the payer's credit.
    function processPayment(bytes32 billId) external payable;

    /// @notice Pays a bill in the stable coin at its quote, with what the payer allowed this contract to take.
    /// Never more is taken than the rest costs; what counts is what arrives, so a token that keeps a fee leaves a rest.
    /// @param token the coin that the payer means; another than the one the quote is for is refused.
    /// @param units at most so much is taken.
    function processTokenPayment(bytes32 billId, address token, uint256 units) external;

    /// @notice Shares the coins received and not yet distributed among a batch's payees; they withdraw.
    function distributeRevenue(bytes32 batchId) external;

    /// @notice Applies granted incentives to the consumer's newest open bill; returns what was applied [minor units].
    function applyIncentives(bytes32 consumerId) external returns (uint256);
}
