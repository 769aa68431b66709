// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Billing} from "../src/Billing.sol";
import {IBilling} from "../src/interfaces/IBilling.sol";
import {Base} from "./Base.sol";
import {FeeCoin, PlainCoin} from "./Coins.sol";

/// @notice Does what people do, in any order: bills, payments in both coins, quotes, another coin, shares, withdrawals.
contract Village is Base {
    Billing public billing = new Billing(address(this));
    PlainCoin[] public coins;
    uint256 public count;
    mapping(uint256 bill => uint256 minor) public due;
    mapping(uint256 bill => uint256 wad) public worth;
    uint256 private _batches;
    address[] private _people = [address(0xA1), address(0xA2), address(0xA3)];

    constructor() {
        coins.push(new PlainCoin());
        coins.push(new FeeCoin());
        billing.setStableCoin(address(coins[0]));
    }

    function rates(uint256 dueMinor, uint256 seed) private pure returns (IBilling.Terms memory) {
        return IBilling.Terms(
            uint64(dueMinor),
            uint96(bound(seed, 1, 1e14)),
            uint96(bound(seed >> 96, 1, 1e5)),
            type(uint64).max
        );
    }

    function bill(uint96 amount, uint256 seed) external {
        IBilling.BillPosting[] memory postings = new IBilling.BillPosting[](1);
        due[++count] = bound(amount, 1, 1e6);
        postings[0] = IBilling.BillPosting(
            bytes32(count), bytes32("c"), 201603, due[count], 0, rates(due[count], seed)
        );
        billing.postBills(postings);
    }

    function quote(uint256 which, uint256 seed) external {
        if (count == 0) return;
        uint256 id = bound(which, 1, count);
        try billing.quoteBill(bytes32(id), rates(due[id], seed)) {} catch {}
    }

    function rename(uint256 which) external {
        try billing.setStableCoin(address(coins[which % 2])) {} catch {}
    }

    function pay(uint256 who, uint256 which, uint96 amount) external {
        if (count == 0) return;
        address payer = _people[who % 3];
        uint256 value = bound(amount, 1, 2e18);
        vm.deal(payer, value);
        uint256 id = bound(which, 1, count);
        uint256 before = billing.quoteOf(bytes32(id)).restWad;
        vm.prank(payer);
        try billing.processPayment{value: value}(bytes32(id)) {
            worth[id] += before - billing.quoteOf(bytes32(id)).restWad;
        } catch {}
    }

    function payInCoins(uint256 who, uint256 which, uint64 units) external {
        if (count == 0) return;
        address payer = _people[who % 3];
        PlainCoin coin = PlainCoin(billing.stableCoin());
        uint256 id = bound(which, 1, count);
        uint256 before = billing.quoteOf(bytes32(id)).restWad;
        uint256 most = bound(units, 1, 1e12);
        coin.mint(payer, most);
        vm.prank(payer);
        coin.approve(address(billing), most);
        vm.prank(payer);
        try billing.processTokenPayment(bytes32(id), address(coin), most) {
            worth[id] += before - billing.quoteOf(bytes32(id)).restWad;
        } catch {}
    }

    function distribute(uint64 a, uint64 b) external {
        uint256[] memory weights = new uint256[](3);
        (weights[0], weights[1], weights[2]) = (uint256(a) + 1, b, 7);
        bytes32 id = keccak256(abi.encode(++_batches));
        billing.postRevenue(id, _people, weights);
        try billing.distributeRevenue(id) {} catch {}
    }

    function withdraw(uint256 who, uint256 which) external {
        vm.prank(_people[who % 3]);
        try billing.withdraw() {} catch {}
        vm.prank(_people[who % 3]);
        try billing.withdrawToken(address(coins[which % 2])) {} catch {}
    }

    function owed(address token) external view returns (uint256 sum) {
        sum = billing.undistributed(token);
        for (uint256 i = 0; i < 3; ++i) {
            sum += billing.withdrawableOf(token, _people[i]);
            if (token == address(0)) sum += billing.creditOf(_people[i]);
        }
    }
}

contract VillageInvariantTest is Base {
    Village private village;

    function setUp() public {
        village = new Village();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(village);
    }

    function invariant_every_wei_is_somebodys() public view {
        assertEq(address(village.billing()).balance, village.owed(address(0)), "wei are conserved");
    }

    function invariant_every_coin_is_somebodys() public view {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 held = village.coins(i).balanceOf(address(village.billing()));
            assertEq(held, village.owed(address(village.coins(i))), "coins are conserved");
        }
    }

    function invariant_no_bill_is_paid_twice() public view {
        for (uint256 id = 1; id <= village.count(); ++id) {
            IBilling.BillStatus status = village.billing().getBill(bytes32(id)).status;
            uint256 whole = village.due(id) * 1e18;
            assertTrue(village.worth(id) <= whole, "never more than is due");
            assertTrue(
                (status == IBilling.BillStatus.Paid) == (village.worth(id) == whole),
                "paid when all of it came"
            );
        }
    }
}
