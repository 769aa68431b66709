// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EnergyProduction} from "../src/EnergyProduction.sol";
import {IEnergyProduction} from "../src/interfaces/IEnergyProduction.sol";
import {Base} from "./Base.sol";

contract EnergyProductionTest is Base {
    EnergyProduction private production = new EnergyProduction(address(this));

    function record(bytes32 id, uint32 period, uint256 amount, uint256 efficiency) private {
        bytes32[] memory ids = new bytes32[](1);
        uint256[] memory amounts = new uint256[](1);
        uint256[] memory efficiencies = new uint256[](1);
        (ids[0], amounts[0], efficiencies[0]) = (id, amount, efficiency);
        production.recordProductionBatch(ids, period, amounts, efficiencies, keccak256("batch"));
    }

    function test_anybody_registers_their_own_source() public {
        vm.prank(STRANGER);
        bytes32 id = production.registerSource("solar", 7600);
        assertTrue(production.getSource(id).owner == STRANGER, "owner");
        assertEq(production.getSource(id).capacity, 7600, "capacity");
    }

    function testFuzz_a_period_is_recorded_once(bytes32 id, uint32 period, uint256 amount, uint16 efficiency)
        public
    {
        production.registerSourceFor(id, STRANGER, "solar", 7600);
        uint256 bp = bound(efficiency, 0, 10_000);
        record(id, period, amount, bp);
        assertEq(production.productionOf(id, period), amount, "amount");
        assertEq(production.getSourceEfficiency(id), bp, "efficiency");
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.PeriodRecorded.selector, id, period));
        this.recordAgain(id, period, amount);
    }

    function recordAgain(bytes32 id, uint32 period, uint256 amount) external {
        record(id, period, amount, 0);
    }

    function testFuzz_a_correction_replaces_the_total(bytes32 id, uint256 before, uint256 amount) public {
        production.registerSourceFor(id, STRANGER, "solar", 1);
        record(id, 201603, before, 0);
        production.correctProduction(id, 201603, amount);
        assertEq(production.productionOf(id, 201603), amount, "corrected");
    }

    function test_an_id_is_given_once() public {
        production.registerSourceFor(bytes32("a"), STRANGER, "solar", 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.SourceExists.selector, bytes32("a")));
        production.registerSourceFor(bytes32("a"), STRANGER, "wind", 1);
    }

    function test_leaving_maintenance_notes_the_time() public {
        production.registerSourceFor(bytes32("a"), STRANGER, "solar", 1);
        production.updateSourceStatus(bytes32("a"), IEnergyProduction.SourceStatus.Maintenance);
        vm.warp(12345);
        vm.prank(STRANGER);
        production.updateSourceStatus(bytes32("a"), IEnergyProduction.SourceStatus.Active);
        assertEq(production.getSource(bytes32("a")).lastMaintenance, 12345, "time");
    }

    function test_strangers_record_and_change_nothing() public {
        production.registerSourceFor(bytes32("a"), address(this), "solar", 1);
        vm.prank(STRANGER);
        vm.expectRevert();
        production.recordProduction(bytes32("a"), 1);
        vm.prank(STRANGER);
        vm.expectRevert();
        production.registerSourceFor(bytes32("b"), STRANGER, "solar", 1);
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyProduction.NotSourceOwner.selector, bytes32("a"), STRANGER)
        );
        production.updateSourceStatus(bytes32("a"), IEnergyProduction.SourceStatus.Faulty);
    }

    function test_a_retired_source_records_nothing() public {
        production.registerSourceFor(bytes32("a"), STRANGER, "solar", 1);
        production.updateSourceStatus(bytes32("a"), IEnergyProduction.SourceStatus.Retired);
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.SourceRetired.selector, bytes32("a")));
        production.recordProduction(bytes32("a"), 1);
    }
}
