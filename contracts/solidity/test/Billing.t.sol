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

    function post(bytes32 id, uint64 amount, uint96 weiPerMinor) public {
        IBilling.BillPosting[] memory postings = new IBilling.BillPosting[](1);
        postings[0] = IBilling.BillPosting(
            id, CONSUMER, 201603, amount, 0, IBilling.Terms(amount, weiPerMinor, 0, 10_000)
        );
        billing.postBills(postings);
    }

    function pay(address payer, bytes32 id, uint256 amount) private {
        vm.deal(payer, amount);
        vm.prank(payer);
        billing.processPayment{value: amount}(id);
    }

    function rest(bytes32 id) private view returns (uint256) {
        return billing.quoteOf(id).restWei;
    }

    function testFuzz_a_payment_settles_leaves_a_rest_or_becomes_credit(uint32 due, uint64 rate, uint96 paid)
        public
    {
        vm.assume(due > 0 && rate > 0 && paid > 0);
        uint256 quoteWei = uint256(due) * rate;
        post(BILL, due, rate);
        assertEq(rest(BILL), quoteWei, "quote");
        pay(ANA, BILL, paid);
        uint256 left = paid < quoteWei ? quoteWei - paid : 0;
        assertTrue(rest(BILL) >= left && rest(BILL) <= left + rate / 1e18 + 1, "rest");
        assertEq(billing.creditOf(ANA), paid > quoteWei ? paid - quoteWei : 0, "credit");
        assertTrue((billing.getBill(BILL).status == IBilling.BillStatus.Paid) == (paid >= quoteWei), "status");
        assertEq(address(billing).balance, billing.creditOf(ANA) + billing.undistributed(address(0)), "wei");
    }

    function test_a_quote_that_comes_late_forgets_no_payment() public {
        post(BILL, 100, 1);
        pay(ANA, BILL, 60);
        billing.quoteBill(BILL, IBilling.Terms(100, 1, 0, 20_000));
        assertEq(rest(BILL), 40, "forty are left of a hundred");
        billing.quoteBill(BILL, IBilling.Terms(70, 1, 0, 20_000));
        assertEq(rest(BILL), 10, "thirty came at the bank");
        billing.quoteBill(BILL, IBilling.Terms(50, 1, 0, 20_000));
        vm.deal(ANA, 1);
        vm.prank(ANA);
        vm.expectRevert(abi.encodeWithSelector(IBilling.NoQuote.selector, BILL));
        billing.processPayment{value: 1}(BILL);
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
        billing.quoteBill(BILL, IBilling.Terms(1, 120, 0, 20_000));
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

    function testFuzz_incentives_shrink_what_is_left_of_the_newest_bill(
        uint32 amount,
        uint32 granted,
        uint32 paid
    ) public {
        vm.assume(amount > 0 && granted > 0 && paid > 0 && paid < amount);
        post(BILL, amount, 7);
        pay(ANA, BILL, uint256(paid) * 7);
        billing.grantIncentive(CONSUMER, granted);
        uint256 applied = billing.applyIncentives(CONSUMER);
        uint256 left = amount - paid;
        assertEq(applied, granted < left ? granted : left, "never more than the rest");
        assertEq(billing.getBill(BILL).amount, amount - applied, "amount");
        assertEq(rest(BILL), (left - applied) * 7, "rest");
        assertTrue((billing.getBill(BILL).status == IBilling.BillStatus.Paid) == (applied == left), "status");
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
        uint256 given = billing.withdrawableOf(address(0), ANA) + billing.withdrawableOf(address(0), BEN);
        assertEq(given + billing.undistributed(address(0)), received, "conserved");
        assertTrue(billing.undistributed(address(0)) < 2, "only rounding waits");
        vm.expectRevert(abi.encodeWithSelector(IBilling.BatchDistributed.selector, bytes32("batch")));
        billing.distributeRevenue(bytes32("batch"));
        if (billing.withdrawableOf(address(0), BEN) > 0) {
            uint256 due = billing.withdrawableOf(address(0), BEN);
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

    function test_nothing_is_distributed_before_something_came() public {
        address[] memory payees = new address[](1);
        uint256[] memory weights = new uint256[](1);
        (payees[0], weights[0]) = (ANA, 1);
        billing.postRevenue(bytes32("batch"), payees, weights);
        vm.expectRevert(abi.encodeWithSelector(IBilling.NothingToDistribute.selector, bytes32("batch")));
        billing.distributeRevenue(bytes32("batch"));
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
