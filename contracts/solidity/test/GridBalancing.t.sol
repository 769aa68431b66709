// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GridBalancing} from "../src/GridBalancing.sol";
import {RootAnchor} from "../src/RootAnchor.sol";
import {IGridBalancing} from "../src/interfaces/IGridBalancing.sol";
import {Base} from "./Base.sol";

contract GridBalancingTest is Base {
    GridBalancing private grid = new GridBalancing(address(this));
    bytes32 private constant BATTERY = bytes32("battery");
    bytes32 private constant SUBJECT = bytes32("microgrid");

    function testFuzz_a_level_stays_within_its_capacity(
        uint128 capacity,
        uint128 level,
        uint128 amount,
        bool charging
    ) public {
        vm.assume(level <= capacity);
        grid.registerStorage(BATTERY, capacity, level);
        bool fits = charging ? uint256(level) + amount <= capacity : amount <= level;
        if (!fits) vm.expectRevert();
        grid.manageStorage(BATTERY, amount, charging);
        uint256 expected = !fits ? level : charging ? uint256(level) + amount : level - amount;
        assertEq(grid.getStorage(BATTERY).currentLevel, expected, "level");
        assertEq(grid.storedEnergy(), expected, "sum");
    }

    function test_status_follows_supply_and_demand() public {
        grid.updateGridState(100, 100);
        assertTrue(grid.getGridMetrics().status == IGridBalancing.GridStatus.Normal, "normal");
        grid.updateGridState(120, 100);
        assertTrue(grid.getGridMetrics().status == IGridBalancing.GridStatus.Surplus, "surplus");
        grid.updateGridState(80, 100);
        assertTrue(grid.getGridMetrics().status == IGridBalancing.GridStatus.Deficit, "deficit");
        grid.updateGridState(10, 100);
        assertTrue(grid.getGridMetrics().status == IGridBalancing.GridStatus.Peak, "peak");
        grid.updateGridState(0, 0);
        assertTrue(grid.getGridMetrics().status == IGridBalancing.GridStatus.Normal, "nothing flows");
    }

    function testFuzz_a_peak_is_covered_by_supply_and_storage(uint64 supply, uint64 stored, uint64 expected)
        public
    {
        grid.registerStorage(BATTERY, stored, stored);
        grid.updateGridState(supply, 1);
        assertTrue(grid.handlePeakDemand(expected) == (uint256(supply) + stored >= expected), "covered");
    }

    function test_an_older_state_does_not_replace_the_newest() public {
        grid.recordGridState(2000, 5, 5, 1);
        bytes32 older = grid.recordGridState(1000, 7, 7, 2);
        assertEq(grid.getGridMetrics().totalSupply, 5, "newest");
        assertEq(grid.getGridState(older).totalSupply, 7, "kept");
    }

    function testFuzz_revisions_rise_by_one_and_stay(bytes32 first, bytes32 second, uint32 period) public {
        vm.assume(first != 0 && second != 0);
        grid.anchorRoot(SUBJECT, period, 0, first, 5, "cid");
        vm.expectRevert(abi.encodeWithSelector(RootAnchor.RootExists.selector, SUBJECT, period, uint32(0)));
        grid.anchorRoot(SUBJECT, period, 0, second, 5, "cid");
        vm.expectRevert(
            abi.encodeWithSelector(
                RootAnchor.RevisionOutOfOrder.selector, SUBJECT, period, uint32(1), uint32(2)
            )
        );
        grid.anchorRoot(SUBJECT, period, 2, second, 5, "cid");
        grid.anchorRoot(SUBJECT, period, 1, second, 5, "cid");
        assertTrue(grid.rootOf(SUBJECT, period, 0) == first, "the old one stays");
        assertTrue(grid.rootOf(SUBJECT, period, 1) == second, "the new one");
        assertEq(grid.revisionCount(SUBJECT, period), 2, "count");
    }

    function testFuzz_a_leaf_is_proven_in_a_tree_of_two(bytes32 a, bytes32 b) public {
        (bytes32 low, bytes32 high) = a < b ? (a, b) : (b, a);
        bytes32 root = keccak256(abi.encodePacked(low, high));
        grid.anchorRoot(SUBJECT, 20160301, 0, root, 2, "");
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = b;
        assertTrue(grid.verify(SUBJECT, 20160301, 0, a, proof), "proven");
        assertTrue(!grid.verify(SUBJECT, 20160301, 0, keccak256(abi.encode(a)), proof), "another leaf is not");
    }

    function test_strangers_anchor_and_manage_nothing() public {
        vm.prank(STRANGER);
        vm.expectRevert();
        grid.anchorRoot(SUBJECT, 1, 0, bytes32("root"), 1, "");
        vm.prank(STRANGER);
        vm.expectRevert();
        grid.updateGridState(1, 1);
        vm.expectRevert(
            abi.encodeWithSelector(RootAnchor.RootUnknown.selector, SUBJECT, uint32(1), uint32(0))
        );
        grid.rootOf(SUBJECT, 1, 0);
    }
}
