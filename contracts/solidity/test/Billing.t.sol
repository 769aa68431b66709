// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Billing} from "../src/Billing.sol";
import {IBilling} from "../src/interfaces/IBilling.sol";
import {Base} from "./Base.sol";

contract BillingTest is Base {
    Billing private billing = new Billing(address(this));
    bytes32 private constant BILL = bytes32("bill");
    bytes32 private constant CONSUMER = bytes32("consumer");
    address private constant ANA = address(0xA11A);
    address private constant BEN = address(0xB111);

    function post(bytes32 id, uint256 amount, uint256 quoteWei) public {
        IBilling.BillPosting[] memory postings = new IBilling.BillPosting[](1);
        postings[0] = IBilling.BillPosting(id, CONSUMER, 201603, amount, 0, quoteWei, 10_000);
        billing.postBills(postings);
    }

    function pay(address payer, bytes32 id, uint256 amount) private {
        vm.deal(payer, amount);
        vm.prank(payer);
        billing.processPayment{value: amount}(id);
    }

    function testFuzz_a_payment_settles_leaves_a_rest_or_becomes_credit(uint96 quoteWei, uint96 paid) public {
        vm.assume(quoteWei > 0 && paid > 0);
        post(BILL, 6727, quoteWei);
        pay(ANA, BILL, paid);
        (uint256 rest,) = billing.quoteOf(BILL);
        assertEq(rest, paid < quoteWei ? quoteWei - paid : 0, "rest");
        assertEq(billing.creditOf(ANA), paid > quoteWei ? paid - quoteWei : 0, "credit");
        assertTrue((billing.getBill(BILL).status == IBilling.BillStatus.Paid) == (paid >= quoteWei), "status");
        assertEq(address(billing).balance, billing.creditOf(ANA) + billing.undistributedWei(), "wei");
    }

    function test_credit_pays_the_next_bill() public {
        post(BILL, 1, 100);
        pay(ANA, BILL, 150);
        post(bytes32("next"), 1, 60);
        pay(ANA, bytes32("next"), 10);
        assertTrue(billing.getBill(bytes32("next")).status == IBilling.BillStatus.Paid, "paid with credit");
        assertEq(billing.creditOf(ANA), 0, "used");
    }

    function test_an_expired_quote_is_refused_and_can_be_renewed() public {
        post(BILL, 1, 100);
        vm.warp(10_001);
        vm.deal(ANA, 100);
        vm.prank(ANA);
        vm.expectRevert(abi.encodeWithSelector(IBilling.QuoteExpired.selector, BILL, uint64(10_000)));
        billing.processPayment{value: 100}(BILL);
        billing.quoteBill(BILL, 120, 20_000);
        pay(ANA, BILL, 120);
        assertTrue(billing.getBill(BILL).status == IBilling.BillStatus.Paid, "paid");
    }

    function test_calculate_sums_the_bills_of_a_period() public {
        post(BILL, 100, 1);
        post(bytes32("second"), 50, 1);
        assertEq(billing.calculateBill(CONSUMER, 201603), 150, "sum");
        billing.cancelBill(BILL);
        assertEq(billing.calculateBill(CONSUMER, 201603), 50, "without the cancelled one");
        vm.expectRevert(abi.encodeWithSelector(IBilling.NoBills.selector, CONSUMER, uint256(201604)));
        billing.calculateBill(CONSUMER, 201604);
    }

    function testFuzz_incentives_shrink_the_newest_bill_and_its_quote(
        uint64 amount,
        uint64 granted,
        uint96 quoteWei
    ) public {
        vm.assume(amount > 0 && granted > 0 && quoteWei > 0);
        post(BILL, amount, quoteWei);
        billing.grantIncentive(CONSUMER, granted);
        uint256 applied = billing.applyIncentives(CONSUMER);
        assertEq(applied, granted < amount ? granted : amount, "applied");
        assertEq(billing.getBill(BILL).amount, amount - applied, "amount");
        (uint256 rest,) = billing.quoteOf(BILL);
        uint256 exact = uint256(quoteWei) * (amount - applied);
        assertTrue(rest * amount >= exact && rest * amount < exact + amount, "quote rounded up");
    }

    function testFuzz_revenue_is_shared_without_losing_a_wei(uint96 received, uint32 a, uint32 b) public {
        vm.assume(received > 0 && uint256(a) + b > 0);
        post(BILL, 1, received);
        pay(ANA, BILL, received);
        address[] memory payees = new address[](2);
        uint256[] memory weights = new uint256[](2);
        (payees[0], payees[1], weights[0], weights[1]) = (ANA, BEN, a, b);
        billing.postRevenue(bytes32("batch"), payees, weights);
        billing.distributeRevenue(bytes32("batch"));
        uint256 given = billing.withdrawableOf(ANA) + billing.withdrawableOf(BEN);
        assertEq(given + billing.undistributedWei(), received, "conserved");
        assertTrue(billing.undistributedWei() < 2, "only rounding waits");
        vm.expectRevert(abi.encodeWithSelector(IBilling.BatchDistributed.selector, bytes32("batch")));
        billing.distributeRevenue(bytes32("batch"));
        if (billing.withdrawableOf(BEN) > 0) {
            uint256 due = billing.withdrawableOf(BEN);
            vm.prank(BEN);
            billing.withdraw();
            assertEq(BEN.balance, due, "paid out");
        }
    }

    function test_a_bill_is_posted_once_and_paid_once() public {
        post(BILL, 1, 100);
        vm.expectRevert(abi.encodeWithSelector(IBilling.BillExists.selector, BILL));
        this.post(BILL, 1, 100);
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = BILL;
        billing.settleOffChain(ids);
        billing.settleOffChain(ids);
        vm.deal(ANA, 100);
        vm.prank(ANA);
        vm.expectRevert(abi.encodeWithSelector(IBilling.BillNotOpen.selector, BILL));
        billing.processPayment{value: 100}(BILL);
    }

    function test_strangers_post_nothing() public {
        IBilling.BillPosting[] memory none = new IBilling.BillPosting[](0);
        vm.prank(STRANGER);
        vm.expectRevert();
        billing.postBills(none);
        vm.prank(STRANGER);
        vm.expectRevert(IBilling.NothingToWithdraw.selector);
        billing.withdraw();
    }
}

/// @notice Does what people do, in any order.
contract Village is Base {
    Billing public billing = new Billing(address(this));
    uint256 private _count;
    uint256 private _batches;
    address[] private _people = [address(0xA1), address(0xA2), address(0xA3)];

    function bill(uint96 quoteWei) external {
        IBilling.BillPosting[] memory postings = new IBilling.BillPosting[](1);
        postings[0] = IBilling.BillPosting(
            bytes32(++_count),
            bytes32("c"),
            201603,
            bound(quoteWei, 1, 1e6),
            0,
            bound(quoteWei, 1, 1e18),
            type(uint64).max
        );
        billing.postBills(postings);
    }

    function pay(uint256 who, uint256 which, uint96 amount) external {
        if (_count == 0) return;
        address payer = _people[who % 3];
        uint256 value = bound(amount, 1, 2e18);
        vm.deal(payer, value);
        vm.prank(payer);
        try billing.processPayment{value: value}(bytes32(bound(which, 1, _count))) {} catch {}
    }

    function distribute(uint64 a, uint64 b) external {
        uint256[] memory weights = new uint256[](3);
        (weights[0], weights[1], weights[2]) = (uint256(a) + 1, b, 7);
        bytes32 id = keccak256(abi.encode(++_batches));
        billing.postRevenue(id, _people, weights);
        billing.distributeRevenue(id);
    }

    function withdraw(uint256 who) external {
        vm.prank(_people[who % 3]);
        try billing.withdraw() {} catch {}
    }

    function owed() external view returns (uint256 sum) {
        sum = billing.undistributedWei();
        for (uint256 i = 0; i < 3; ++i) {
            sum += billing.creditOf(_people[i]) + billing.withdrawableOf(_people[i]);
        }
    }
}

contract BillingInvariantTest is Base {
    Village private village;

    function setUp() public {
        village = new Village();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(village);
    }

    function invariant_every_wei_is_somebodys() public view {
        assertEq(address(village.billing()).balance, village.owed(), "wei are conserved");
    }
}
