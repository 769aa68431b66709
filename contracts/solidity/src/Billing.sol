// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {RootAnchor} from "./RootAnchor.sol";
import {IBilling} from "./interfaces/IBilling.sol";
import {Wad} from "./libraries/Wad.sol";

/// @title Billing
/// @notice Mirrors posted bills, takes payments in the chain's coin and in a stable coin at a quote, shares revenue, and anchors one
/// root per billing run. Coins are conserved, each by itself: balance = credits + withdrawable + undistributed (of a token at least:
/// what somebody sends here without a payment is nobody's).
contract Billing is IBilling, RootAnchor, ReentrancyGuard {
    using SafeERC20 for IERC20;

    bytes32 public constant BILLING_ROLE = keccak256("BILLING_ROLE");
    address private constant NATIVE = address(0);

    /// @notice Two words of storage. `coin` is the place of the stable coin that `unitsPerMinor` is about, counted from one.
    struct Quote {
        uint128 paidWad;
        uint64 dueMinor;
        uint64 expiresAt;
        uint96 weiPerMinor;
        uint96 unitsPerMinor;
        uint64 coin;
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
    address[] private _coins;
    mapping(address payer => uint256 creditWei) private _credits;
    mapping(address token => mapping(address payee => uint256 units)) private _withdrawable;
    mapping(address token => uint256 units) private _undistributed;

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

    /// @notice Names the stable coin in which bills can be paid; zero: none. Quotes in another one wait for their renewal, what came in
    /// by it is still distributed and withdrawn.
    function setStableCoin(address token) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (token == stableCoin() || (token != address(0) && token.code.length == 0)) revert NotACoin(token);
        _coins.push(token);
        emit StableCoinNamed(token, _coins.length);
    }

    /// @notice Posts bills, each once.
    function postBills(BillPosting[] calldata postings) external onlyRole(BILLING_ROLE) {
        for (uint256 i = 0; i < postings.length; ++i) {
            BillPosting calldata p = postings[i];
            if (_bills[p.billId].id != bytes32(0)) revert BillExists(p.billId);
            _bills[p.billId] =
                Bill(p.billId, p.consumerId, p.period, p.amountMinor, p.incentivesMinor, BillStatus.Open);
            _quote(p.billId, p.terms);
            _billsOf[p.consumerId][p.period].push(p.billId);
            _openBills[p.consumerId].push(p.billId);
            emit BillPosted(p.billId, p.consumerId, p.period, p.amountMinor, p.incentivesMinor);
        }
    }

    /// @notice Renews the quote of an open bill. What was paid on the chain stays paid.
    function quoteBill(bytes32 billId, Terms calldata terms) external onlyRole(BILLING_ROLE) {
        _requireOpen(billId);
        _quote(billId, terms);
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
        (Quote storage quote, uint256 rest) = _payable(billId);
        uint256 rate = quote.weiPerMinor;
        if (rate == 0) revert CoinNotTaken(billId, NATIVE);
        uint256 available = msg.value + _credits[msg.sender];
        uint256 taken = Math.min(available, Wad.costOf(rest, rate));
        _credits[msg.sender] = available - taken;
        _receive(billId, NATIVE, msg.value, taken, rate);
    }

    /// @inheritdoc IBilling
    function processTokenPayment(bytes32 billId, address token, uint256 units) external nonReentrant {
        (Quote storage quote, uint256 rest) = _payable(billId);
        uint256 rate = quote.unitsPerMinor;
        if (token == NATIVE || rate == 0 || quote.coin != _coins.length || token != stableCoin()) {
            revert CoinNotTaken(billId, token);
        }
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), Math.min(units, Wad.costOf(rest, rate)));
        // Only now is known what arrived. Every function that moves coins is guarded, and the rest is read anew.
        uint256 arrived = IERC20(token).balanceOf(address(this)) - before;
        if (arrived == 0) revert NothingPaid();
        _receive(billId, token, arrived, arrived, rate);
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
        Quote storage quote = _quotes[bill.id];
        // Only what is still to pay can shrink, by whole minor units.
        applied = Math.min(granted, _rest(quote) / Wad.PER_MINOR);
        if (applied == 0) revert NothingToApply(consumerId);
        quote.dueMinor -= uint64(applied);
        _incentives[consumerId] = granted - applied;
        bill.amount -= applied;
        bill.incentives += applied;
        emit IncentivesApplied(consumerId, bill.id, applied);
        if (_rest(quote) == 0) _settle(bill, true);
    }

    /// @notice Posts among whom, and by which weights, received coins will be shared.
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
        bool given = _distribute(batchId, batch, NATIVE);
        for (uint256 i = 0; i < _coins.length; ++i) {
            if (_coins[i] != NATIVE) given = _distribute(batchId, batch, _coins[i]) || given;
        }
        if (!given) revert NothingToDistribute(batchId);
    }

    /// @notice Pays out the wei that are due to the caller, credit included.
    function withdraw() external nonReentrant {
        uint256 due = _withdrawable[NATIVE][msg.sender] + _credits[msg.sender];
        if (due == 0) revert NothingToWithdraw();
        _withdrawable[NATIVE][msg.sender] = 0;
        _credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, NATIVE, due);
        (bool sent,) = msg.sender.call{value: due}("");
        if (!sent) revert TransferFailed();
    }

    /// @notice Pays out the units of a stable coin, the present or a former one, that are due to the caller.
    function withdrawToken(address token) external nonReentrant {
        uint256 due = _withdrawable[token][msg.sender];
        if (token == NATIVE || due == 0) revert NothingToWithdraw();
        _withdrawable[token][msg.sender] = 0;
        emit Withdrawn(msg.sender, token, due);
        IERC20(token).safeTransfer(msg.sender, due);
    }

    /// @notice A bill as posted.
    function getBill(bytes32 billId) external view returns (Bill memory) {
        return _known(billId);
    }

    /// @notice What a bill costs now in each coin, and until when.
    function quoteOf(bytes32 billId) external view returns (Offer memory offer) {
        Quote storage quote = _quotes[billId];
        offer.restWad = _known(billId).status == BillStatus.Open ? _rest(quote) : 0;
        offer.restWei = Wad.costOf(offer.restWad, quote.weiPerMinor);
        if (quote.coin == _coins.length && quote.unitsPerMinor != 0) {
            offer.token = stableCoin();
            offer.restUnits = Wad.costOf(offer.restWad, quote.unitsPerMinor);
        }
        offer.expiresAt = quote.expiresAt;
    }

    /// @notice The stable coin in which bills can be paid; zero: none.
    function stableCoin() public view returns (address) {
        return _coins.length == 0 ? address(0) : _coins[_coins.length - 1];
    }

    /// @notice A rate as published.
    function getRate(bytes32 id) external view returns (Rate memory) {
        return _rates[id];
    }

    /// @notice The credit of a payer [wei].
    function creditOf(address payer) external view returns (uint256) {
        return _credits[payer];
    }

    /// @notice What a payee may withdraw of revenue [wei, or units of a token].
    function withdrawableOf(address token, address payee) external view returns (uint256) {
        return _withdrawable[token][payee];
    }

    /// @notice Received and not yet distributed [wei, or units of a token].
    function undistributed(address token) external view returns (uint256) {
        return _undistributed[token];
    }

    function _quote(bytes32 billId, Terms calldata terms) private {
        Quote storage quote = _quotes[billId];
        (quote.dueMinor, quote.expiresAt) = (terms.dueMinor, terms.expiresAt);
        (quote.weiPerMinor, quote.unitsPerMinor) = (terms.weiPerMinor, terms.unitsPerMinor);
        quote.coin = uint64(_coins.length);
        emit BillQuoted(billId, terms.dueMinor, terms.weiPerMinor, terms.unitsPerMinor, terms.expiresAt);
    }

    /// @notice What is left of a bill: due less paid on the chain, whatever the coin.
    function _rest(Quote storage quote) private view returns (uint256) {
        return Math.saturatingSub(quote.dueMinor * Wad.PER_MINOR, quote.paidWad);
    }

    function _payable(bytes32 billId) private view returns (Quote storage quote, uint256 rest) {
        _requireOpen(billId);
        quote = _quotes[billId];
        rest = _rest(quote);
        if (rest == 0) revert NoQuote(billId);
        if (block.timestamp > quote.expiresAt) revert QuoteExpired(billId, quote.expiresAt);
    }

    /// @notice Counts coins that are here for a bill: never for more than its rest.
    function _receive(bytes32 billId, address token, uint256 paid, uint256 taken, uint256 rate) private {
        Bill storage bill = _requireOpen(billId);
        Quote storage quote = _quotes[billId];
        uint256 rest = _rest(quote);
        uint256 applied = Math.min(Wad.worthOf(taken, rate), rest);
        // Not more than due * 1e18, which fits: dueMinor has 64 bits.
        quote.paidWad += uint128(applied);
        _undistributed[token] += taken;
        emit PaymentReceived(billId, msg.sender, token, paid, applied, rest - applied, _credits[msg.sender]);
        if (applied == rest) _settle(bill, true);
    }

    function _distribute(bytes32 batchId, Batch storage batch, address token) private returns (bool) {
        uint256 total = _undistributed[token];
        if (total == 0) return false;
        uint256 given = 0;
        for (uint256 i = 0; i < batch.payees.length; ++i) {
            uint256 part = Math.mulDiv(total, batch.weights[i], batch.weight);
            _withdrawable[token][batch.payees[i]] += part;
            given += part;
        }
        // Parts are rounded down; the few units that are left wait for the next distribution.
        _undistributed[token] = total - given;
        emit RevenueDistributed(batchId, token, given);
        return true;
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
