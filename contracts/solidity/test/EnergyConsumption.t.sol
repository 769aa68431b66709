// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EnergyConsumption} from "../src/EnergyConsumption.sol";
import {IEnergyConsumption} from "../src/interfaces/IEnergyConsumption.sol";
import {Base} from "./Base.sol";

contract EnergyConsumptionTest is Base {
    EnergyConsumption private consumption = new EnergyConsumption(address(this));
    bytes32 private constant ID = bytes32("home");

    function setUp() public {
        consumption.registerConsumerFor(ID, STRANGER, "household", 3000);
    }

    function record(uint32 period, uint256 amount) public {
        bytes32[] memory ids = new bytes32[](1);
        uint256[] memory amounts = new uint256[](1);
        uint256[] memory peaks = new uint256[](1);
        IEnergyConsumption.UsageType[] memory types = new IEnergyConsumption.UsageType[](1);
        (ids[0], amounts[0]) = (ID, amount);
        consumption.recordUsageBatch(ids, period, amounts, peaks, types);
    }

    function testFuzz_the_forecast_falls_back_to_the_mean_of_three(uint64 a, uint64 b, uint64 c, uint64 d)
        public
    {
        assertEq(consumption.predictDemand(ID), 0, "nothing known");
        record(1, a);
        assertEq(consumption.predictDemand(ID), a, "one");
        record(2, b);
        record(3, c);
        record(4, d);
        assertEq(consumption.predictDemand(ID), (uint256(b) + c + d) / 3, "mean of the last three");
    }

    function test_a_posted_forecast_counts_from_its_time() public {
        record(1, 100);
        vm.warp(1000);
        consumption.setForecast(ID, 250, 2000);
        assertEq(consumption.predictDemand(ID), 100, "not yet");
        vm.warp(2000);
        assertEq(consumption.predictDemand(ID), 250, "in force");
    }

    function testFuzz_history_is_complete_and_bounded(uint8 count) public {
        for (uint32 i = 1; i <= count; ++i) {
            record(i, i);
        }
        IEnergyConsumption.Usage[] memory history = consumption.getUsageHistory(ID);
        uint256 expected = count > 120 ? 120 : count;
        assertEq(history.length, expected, "length");
        if (expected > 0) assertEq(history[expected - 1].amount, count, "newest last");
        assertEq(consumption.getUsagePage(ID, count, 5).length, 0, "past the end");
    }

    function test_a_period_is_recorded_once_and_corrected_openly() public {
        record(201603, 5);
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyConsumption.PeriodRecorded.selector, ID, uint32(201603))
        );
        this.record(201603, 6);
        consumption.correctUsage(ID, 201603, 6);
        assertEq(consumption.usageOf(ID, 201603), 6, "corrected");
    }

    function test_a_suspended_consumer_records_nothing() public {
        consumption.updateConsumerStatus(ID, IEnergyConsumption.ConsumerStatus.Suspended);
        vm.expectRevert(abi.encodeWithSelector(IEnergyConsumption.ConsumerNotActive.selector, ID));
        consumption.recordUsage(ID, 1);
    }

    function test_strangers_record_nothing() public {
        vm.prank(STRANGER);
        vm.expectRevert();
        consumption.recordUsage(ID, 1);
    }
}
