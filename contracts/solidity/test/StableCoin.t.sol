// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Billing} from "../src/Billing.sol";
import {IBilling} from "../src/interfaces/IBilling.sol";
import {Wad} from "../src/libraries/Wad.sol";
import {TestCoin} from "../src/TestCoin.sol";
import {Base} from "./Base.sol";
import {
    FeeCoin,
    GenerousCoin,
    GreedyCoin,
    PlainCoin,
    ReentrantCoin,
    RefusingCoin,
    SilentCoin
} from "./Coins.sol";

contract StableCoinTest is Base {
    Billing private billing = new Billing(address(this));
    PlainCoin private coin = new PlainCoin();
    bytes32 private constant BILL = bytes32("bill");
    address private constant ANA = address(0xA11A);
    address private constant BEN = address(0xB111);
    uint96 private constant WEI_PER_MINOR = 4e12;
    uint96 private constant UNITS_PER_MINOR = 1e4;

    function setUp() public {
        billing.setStableCoin(address(coin));
    }

    function post(bytes32 id, uint64 due) private {
        IBilling.BillPosting[] memory postings = new IBilling.BillPosting[](1);
        postings[0] = IBilling.BillPosting(id, bytes32("consumer"), 201603, due, 0, terms(due, 10_000));
        billing.postBills(postings);
    }

    function terms(uint64 due, uint64 expiresAt) private pure returns (IBilling.Terms memory) {
        return IBilling.Terms(due, WEI_PER_MINOR, UNITS_PER_MINOR, expiresAt);
    }

    /// @notice Gives somebody coins of a token and lets the contract take them.
    function give(address token, address who, uint256 units) private {
        PlainCoin(token).mint(who, units);
        vm.prank(who);
        // A coin may answer nothing: the call itself is what is asked for.
        (bool allowed,) = token.call(abi.encodeCall(IERC20.approve, (address(billing), units)));
        assertTrue(allowed, "approved");
    }

    function pay(address token, address payer, uint256 units) private {
        give(token, payer, units);
        vm.prank(payer);
        billing.processTokenPayment(BILL, token, units);
    }

    function payWei(address payer, uint256 amount) private {
        vm.deal(payer, amount);
        vm.prank(payer);
        billing.processPayment{value: amount}(BILL);
    }

    function named(address token) private {
        billing.setStableCoin(token);
    }

    function isPaid() private view returns (bool) {
        return billing.getBill(BILL).status == IBilling.BillStatus.Paid;
    }

    function testFuzz_never_more_is_taken_than_is_owed(uint32 due, uint64 units) public {
        vm.assume(due > 0 && units > 0);
        post(BILL, due);
        uint256 cost = uint256(due) * UNITS_PER_MINOR;
        pay(address(coin), ANA, units);
        uint256 taken = units < cost ? units : cost;
        assertEq(coin.balanceOf(address(billing)), taken, "taken");
        assertEq(coin.balanceOf(ANA), units - taken, "left with the payer");
        assertEq(billing.undistributed(address(coin)), taken, "for who delivered");
        assertEq(billing.quoteOf(BILL).restUnits, cost - taken, "rest");
        assertTrue(isPaid() == (units >= cost), "status");
    }

    function testFuzz_parts_in_both_coins_pay_a_bill_once(uint32 due, uint64 units, uint96 amount) public {
        vm.assume(due > 0 && units > 0 && amount > 0);
        uint256 cost = uint256(due) * WEI_PER_MINOR;
        post(BILL, due);
        pay(address(coin), ANA, uint256(units) % (uint256(due) * UNITS_PER_MINOR) + 1);
        if (isPaid()) return;
        uint256 before = billing.quoteOf(BILL).restWei;
        assertTrue(before < cost, "one rest for both");
        payWei(BEN, amount);
        assertEq(billing.creditOf(BEN), amount > before ? amount - before : 0, "what is too much is credit");
        assertTrue(isPaid() == (amount >= before), "status");
        if (isPaid()) {
            vm.expectRevert(abi.encodeWithSelector(IBilling.BillNotOpen.selector, BILL));
            billing.processTokenPayment(BILL, address(coin), 1);
        }
    }

    function testFuzz_a_rest_is_worth_what_it_costs(uint128 restWad, uint96 rate) public pure {
        vm.assume(rate > 0);
        uint256 cost = Wad.costOf(restWad, rate);
        require(Wad.worthOf(cost, rate) >= restWad, "paying the cost settles");
        require(cost == 0 || Wad.worthOf(cost - 1, rate) < restWad, "a unit less does not");
    }

    function test_what_arrives_counts_where_a_coin_keeps_a_fee() public {
        FeeCoin fee = new FeeCoin();
        named(address(fee));
        post(BILL, 100);
        pay(address(fee), ANA, 100 * uint256(UNITS_PER_MINOR));
        assertEq(billing.undistributed(address(fee)), 99 * uint256(UNITS_PER_MINOR), "a hundredth is kept");
        assertEq(billing.quoteOf(BILL).restUnits, UNITS_PER_MINOR, "and left to pay");
        assertTrue(!isPaid(), "open");
        payWei(ANA, WEI_PER_MINOR);
        assertTrue(isPaid(), "the rest in the other coin");
    }

    function test_a_coin_of_which_nothing_arrives_pays_nothing() public {
        GreedyCoin greedy = new GreedyCoin();
        named(address(greedy));
        post(BILL, 100);
        give(address(greedy), ANA, 1e6);
        vm.prank(ANA);
        vm.expectRevert(IBilling.NothingPaid.selector);
        billing.processTokenPayment(BILL, address(greedy), 1e6);
    }

    function test_more_than_was_asked_for_pays_no_more_than_the_rest() public {
        GenerousCoin generous = new GenerousCoin();
        named(address(generous));
        post(BILL, 100);
        pay(address(generous), ANA, 1e6);
        assertTrue(isPaid(), "paid");
        assertEq(billing.undistributed(address(generous)), 2e6, "all that arrived is accounted for");
    }

    function test_a_coin_that_answers_nothing_pays() public {
        SilentCoin silent = new SilentCoin();
        named(address(silent));
        post(BILL, 100);
        pay(address(silent), ANA, 1e6);
        assertTrue(isPaid(), "paid");
        share(bytes32("batch"), BEN);
        vm.prank(BEN);
        billing.withdrawToken(address(silent));
        assertEq(silent.balanceOf(BEN), 1e6, "withdrawn");
    }

    function test_a_coin_that_refuses_pays_nothing() public {
        RefusingCoin refusing = new RefusingCoin();
        named(address(refusing));
        post(BILL, 100);
        give(address(refusing), ANA, 1e6);
        vm.prank(ANA);
        vm.expectRevert(
            abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(refusing))
        );
        billing.processTokenPayment(BILL, address(refusing), 1e6);
    }

    function test_a_coin_that_calls_back_is_let_in_once() public {
        ReentrantCoin tricky = new ReentrantCoin();
        named(address(tricky));
        post(BILL, 100);
        give(address(tricky), ANA, 2e6);
        give(address(tricky), address(tricky), 2e6);
        tricky.aim(billing, BILL);
        vm.prank(ANA);
        billing.processTokenPayment(BILL, address(tricky), 5e5);
        assertTrue(tricky.refused(), "the second call is refused");
        assertEq(billing.quoteOf(BILL).restUnits, 5e5, "one payment");
    }

    function test_another_coin_is_refused() public {
        PlainCoin other = new PlainCoin();
        post(BILL, 100);
        give(address(other), ANA, 1e6);
        vm.prank(ANA);
        vm.expectRevert(abi.encodeWithSelector(IBilling.CoinNotTaken.selector, BILL, address(other)));
        billing.processTokenPayment(BILL, address(other), 1e6);
        vm.expectRevert(abi.encodeWithSelector(IBilling.CoinNotTaken.selector, BILL, address(0)));
        billing.processTokenPayment(BILL, address(0), 1);
    }

    function test_a_quote_holds_for_the_coin_it_was_given_in() public {
        post(BILL, 100);
        PlainCoin other = new PlainCoin();
        named(address(other));
        assertEq(billing.quoteOf(BILL).restUnits, 0, "no price in the new coin yet");
        for (uint256 i = 0; i < 2; ++i) {
            address token = i == 0 ? address(coin) : address(other);
            give(token, ANA, 1e6);
            vm.prank(ANA);
            vm.expectRevert(abi.encodeWithSelector(IBilling.CoinNotTaken.selector, BILL, token));
            billing.processTokenPayment(BILL, token, 1e6);
        }
        payWei(ANA, WEI_PER_MINOR);
        billing.quoteBill(BILL, terms(100, 20_000));
        pay(address(other), BEN, 2e6);
        assertTrue(isPaid(), "renewed and paid");
        assertEq(billing.undistributed(address(other)), 99e4, "what was paid in wei counts");
    }

    function test_no_coin_is_taken_where_none_is_named() public {
        named(address(0));
        post(BILL, 100);
        give(address(coin), ANA, 1e6);
        vm.prank(ANA);
        vm.expectRevert(abi.encodeWithSelector(IBilling.CoinNotTaken.selector, BILL, address(coin)));
        billing.processTokenPayment(BILL, address(coin), 1e6);
        assertTrue(billing.quoteOf(BILL).token == address(0), "none offered");
        payWei(ANA, 100 * uint256(WEI_PER_MINOR));
        assertTrue(isPaid(), "the chain's own coin still");
    }

    function test_an_expired_quote_is_refused_in_either_coin() public {
        post(BILL, 100);
        give(address(coin), ANA, 1e6);
        vm.warp(10_001);
        vm.prank(ANA);
        vm.expectRevert(abi.encodeWithSelector(IBilling.QuoteExpired.selector, BILL, uint64(10_000)));
        billing.processTokenPayment(BILL, address(coin), 1e6);
    }

    function test_a_bill_settled_at_the_bank_takes_no_coin() public {
        post(BILL, 100);
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = BILL;
        billing.settleOffChain(ids);
        give(address(coin), ANA, 1e6);
        vm.prank(ANA);
        vm.expectRevert(abi.encodeWithSelector(IBilling.BillNotOpen.selector, BILL));
        billing.processTokenPayment(BILL, address(coin), 1e6);
        assertEq(billing.quoteOf(BILL).restUnits, 0, "nothing is asked for");
    }

    function test_without_enough_allowance_nothing_moves() public {
        post(BILL, 100);
        coin.mint(ANA, 1e6);
        vm.prank(ANA);
        vm.expectRevert();
        billing.processTokenPayment(BILL, address(coin), 1e6);
        assertEq(coin.balanceOf(ANA), 1e6, "all there");
    }

    function share(bytes32 batch, address payee) private {
        address[] memory payees = new address[](1);
        uint256[] memory weights = new uint256[](1);
        (payees[0], weights[0]) = (payee, 1);
        billing.postRevenue(batch, payees, weights);
        billing.distributeRevenue(batch);
    }

    function test_a_former_coin_is_still_shared_and_withdrawn() public {
        post(BILL, 100);
        pay(address(coin), ANA, 1e6);
        named(address(new PlainCoin()));
        share(bytes32("batch"), BEN);
        assertEq(billing.withdrawableOf(address(coin), BEN), 1e6, "shared");
        vm.prank(BEN);
        billing.withdrawToken(address(coin));
        assertEq(coin.balanceOf(BEN), 1e6, "withdrawn");
        vm.prank(BEN);
        vm.expectRevert(IBilling.NothingToWithdraw.selector);
        billing.withdrawToken(address(coin));
        vm.prank(BEN);
        vm.expectRevert(IBilling.NothingToWithdraw.selector);
        billing.withdrawToken(address(0));
    }

    function test_only_an_admin_names_a_coin_and_only_a_contract() public {
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, STRANGER, bytes32(0)
            )
        );
        billing.setStableCoin(address(0xC0));
        vm.expectRevert(abi.encodeWithSelector(IBilling.NotACoin.selector, address(0xC0)));
        billing.setStableCoin(address(0xC0));
        vm.expectRevert(abi.encodeWithSelector(IBilling.NotACoin.selector, address(coin)));
        billing.setStableCoin(address(coin));
    }

    function test_the_test_coin_lives_on_the_development_chain_alone() public {
        assertEq(new TestCoin().decimals(), 6, "there");
        vm.chainId(137);
        vm.expectRevert(abi.encodeWithSelector(TestCoin.NotForThisChain.selector, uint256(137)));
        new TestCoin();
    }
}
