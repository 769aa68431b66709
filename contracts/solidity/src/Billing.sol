// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {RootAnchor} from "./RootAnchor.sol";
import {IBilling} from "./interfaces/IBilling.sol";

/// @title Billing
/// @notice Mirrors posted bills, takes payments in wei at a quote, shares revenue, and anchors one root per billing run.
/// Wei are conserved: balance = credits + withdrawable + undistributed.
contract Billing is IBilling, RootAnchor, ReentrancyGuard {
    bytes32 public constant BILLING_ROLE = keccak256("BILLING_ROLE");

    struct Quote {
        uint256 restWei;
        uint64 expiresAt;
    }

    struct Batch {
        address[] payees;
        uint256[] weights;
        uint256 weight;
        bool distributed;
    }

    mapping(bytes32 id => Rate) private _rates;
    mapping(bytes32 id => Bill) private _bills;
    mapping(bytes32 id => Quote) private _quotes;
    mapping(bytes32 consumerId => mapping(uint256 period => bytes32[])) private _billsOf;
    mapping(bytes32 consumerId => bytes32[]) private _openBills;
    mapping(bytes32 consumerId => uint256 minor) private _incentives;
    mapping(bytes32 batchId => Batch) private _batches;
    mapping(address payer => uint256 creditWei) private _credits;
    mapping(address payee => uint256 dueWei) private _withdrawable;
    uint256 private _undistributedWei;

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(BILLING_ROLE, admin);
        _grantRole(ANCHOR_ROLE, admin);
    }

    /// @notice Publishes a rate: base and incentive in millionths per kWh, the multiplier in basis points.
    function setRate(
        bytes32 id,
        uint256 baseRate,
        uint256 peakMultiplier,
        uint256 incentiveRate,
        uint256 validFrom
    ) external onlyRole(BILLING_ROLE) {
        _rates[id] = Rate(id, baseRate, peakMultiplier, incentiveRate, validFrom);
        emit RateSet(id, baseRate, peakMultiplier, incentiveRate, validFrom);
    }

    /// @notice Posts bills, each once.
    function postBills(BillPosting[] calldata postings) external onlyRole(BILLING_ROLE) {
        for (uint256 i = 0; i < postings.length; ++i) {
            BillPosting calldata p = postings[i];
            if (_bills[p.billId].id != bytes32(0)) revert BillExists(p.billId);
            _bills[p.billId] =
                Bill(p.billId, p.consumerId, p.period, p.amountMinor, p.incentivesMinor, BillStatus.Open);
            _quotes[p.billId] = Quote(p.quoteWei, p.quoteExpiresAt);
            _billsOf[p.consumerId][p.period].push(p.billId);
            _openBills[p.consumerId].push(p.billId);
            emit BillPosted(p.billId, p.consumerId, p.period, p.amountMinor, p.incentivesMinor);
            emit BillQuoted(p.billId, p.quoteWei, p.quoteExpiresAt);
        }
    }

    /// @notice Renews the quote of an open bill: what is left to pay, in wei.
    function quoteBill(bytes32 billId, uint256 restWei, uint64 expiresAt) external onlyRole(BILLING_ROLE) {
        _requireOpen(billId);
        _quotes[billId] = Quote(restWei, expiresAt);
        emit BillQuoted(billId, restWei, expiresAt);
    }

    /// @notice Notes that bills were paid at the bank; those that are not open are passed over.
    function settleOffChain(bytes32[] calldata billIds) external onlyRole(BILLING_ROLE) {
        for (uint256 i = 0; i < billIds.length; ++i) {
            Bill storage bill = _known(billIds[i]);
            if (bill.status == BillStatus.Open) _settle(bill, false);
        }
    }

    /// @notice Cancels an open bill.
    function cancelBill(bytes32 billId) external onlyRole(BILLING_ROLE) {
        _requireOpen(billId).status = BillStatus.Cancelled;
        emit BillCancelled(billId);
    }

    /// @inheritdoc IBilling
    function calculateBill(bytes32 consumerId, uint256 period)
        external
        view
        override
        returns (uint256 amount)
    {
        bytes32[] storage ids = _billsOf[consumerId][period];
        uint256 found = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (_bills[ids[i]].status == BillStatus.Cancelled) continue;
            amount += _bills[ids[i]].amount;
            ++found;
        }
        if (found == 0) revert NoBills(consumerId, period);
    }

    /// @inheritdoc IBilling
    function processPayment(bytes32 billId) external payable nonReentrant {
        if (msg.value == 0) revert NothingPaid();
        Bill storage bill = _requireOpen(billId);
        Quote storage quote = _quotes[billId];
        if (quote.restWei == 0) revert NoQuote(billId);
        if (block.timestamp > quote.expiresAt) revert QuoteExpired(billId, quote.expiresAt);
        uint256 available = msg.value + _credits[msg.sender];
        uint256 applied = Math.min(available, quote.restWei);
        _credits[msg.sender] = available - applied;
        quote.restWei -= applied;
        _undistributedWei += applied;
        emit PaymentReceived(billId, msg.sender, msg.value, applied, quote.restWei, _credits[msg.sender]);
        if (quote.restWei == 0) _settle(bill, true);
    }

    /// @notice Grants an incentive to a consumer [minor units].
    function grantIncentive(bytes32 consumerId, uint256 amountMinor) external onlyRole(BILLING_ROLE) {
        _incentives[consumerId] += amountMinor;
        emit IncentiveGranted(consumerId, amountMinor);
    }

    /// @inheritdoc IBilling
    function applyIncentives(bytes32 consumerId) external onlyRole(BILLING_ROLE) returns (uint256 applied) {
        uint256 granted = _incentives[consumerId];
        bytes32[] storage ids = _openBills[consumerId];
        if (granted == 0 || ids.length == 0) revert NothingToApply(consumerId);
        Bill storage bill = _bills[ids[ids.length - 1]];
        if (bill.status != BillStatus.Open) revert NothingToApply(consumerId);
        applied = Math.min(granted, bill.amount);
        Quote storage quote = _quotes[bill.id];
        // The quote shrinks with the bill, rounded up: the cooperative is never owed less than the rest.
        quote.restWei = bill.amount == 0
            ? 0
            : Math.mulDiv(quote.restWei, bill.amount - applied, bill.amount, Math.Rounding.Ceil);
        _incentives[consumerId] = granted - applied;
        bill.amount -= applied;
        bill.incentives += applied;
        emit IncentivesApplied(consumerId, bill.id, applied);
        if (bill.amount == 0) _settle(bill, true);
    }

    /// @notice Posts among whom, and by which weights, received wei will be shared.
    function postRevenue(bytes32 batchId, address[] calldata payees, uint256[] calldata weights)
        external
        onlyRole(BILLING_ROLE)
    {
        if (_batches[batchId].payees.length != 0) revert BatchExists(batchId);
        if (payees.length != weights.length) revert LengthsDiffer();
        uint256 weight = 0;
        for (uint256 i = 0; i < weights.length; ++i) {
            weight += weights[i];
        }
        if (weight == 0) revert NoWeights();
        _batches[batchId] = Batch(payees, weights, weight, false);
        emit RevenuePosted(batchId, payees.length, weight);
    }

    /// @inheritdoc IBilling
    function distributeRevenue(bytes32 batchId) external onlyRole(BILLING_ROLE) {
        Batch storage batch = _batches[batchId];
        if (batch.payees.length == 0) revert BatchUnknown(batchId);
        if (batch.distributed) revert BatchDistributed(batchId);
        batch.distributed = true;
        uint256 total = _undistributedWei;
        uint256 given = 0;
        for (uint256 i = 0; i < batch.payees.length; ++i) {
            uint256 part = Math.mulDiv(total, batch.weights[i], batch.weight);
            _withdrawable[batch.payees[i]] += part;
            given += part;
        }
        // Parts are rounded down; the few wei that are left wait for the next distribution.
        _undistributedWei = total - given;
        emit RevenueDistributed(batchId, given);
    }

    /// @notice Pays out what is due to the caller, credit included.
    function withdraw() external nonReentrant {
        uint256 due = _withdrawable[msg.sender] + _credits[msg.sender];
        if (due == 0) revert NothingToWithdraw();
        _withdrawable[msg.sender] = 0;
        _credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, due);
        (bool sent,) = msg.sender.call{value: due}("");
        if (!sent) revert TransferFailed();
    }

    /// @notice A bill as posted.
    function getBill(bytes32 billId) external view returns (Bill memory) {
        return _known(billId);
    }

    /// @notice What is left to pay of a bill [wei], and until when the quote holds.
    function quoteOf(bytes32 billId) external view returns (uint256 restWei, uint64 expiresAt) {
        return (_quotes[billId].restWei, _quotes[billId].expiresAt);
    }

    /// @notice A rate as published.
    function getRate(bytes32 id) external view returns (Rate memory) {
        return _rates[id];
    }

    /// @notice The credit of a payer [wei].
    function creditOf(address payer) external view returns (uint256) {
        return _credits[payer];
    }

    /// @notice What a payee may withdraw of revenue [wei].
    function withdrawableOf(address payee) external view returns (uint256) {
        return _withdrawable[payee];
    }

    /// @notice Received and not yet distributed [wei].
    function undistributedWei() external view returns (uint256) {
        return _undistributedWei;
    }

    function _settle(Bill storage bill, bool onChain) private {
        bill.status = BillStatus.Paid;
        emit BillSettled(bill.id, onChain);
    }

    function _requireOpen(bytes32 billId) private view returns (Bill storage bill) {
        bill = _known(billId);
        if (bill.status != BillStatus.Open) revert BillNotOpen(billId);
    }

    function _known(bytes32 billId) private view returns (Bill storage bill) {
        bill = _bills[billId];
        if (bill.id == bytes32(0)) revert BillUnknown(billId);
    }
}
