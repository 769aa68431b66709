// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {IEnergyConsumption} from "./interfaces/IEnergyConsumption.sol";

/// @title Energy consumption
/// @notice Mirrors consumers and monthly totals: a consumer's own by consent, all others as one group.
contract EnergyConsumption is IEnergyConsumption, AccessControl, Multicall {
    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");
    bytes32 public constant METER_ROLE = keccak256("METER_ROLE");
    bytes32 public constant FORECAST_ROLE = keccak256("FORECAST_ROLE");
    uint256 public constant LONGEST_HISTORY = 120;
    uint256 public constant MEAN_OVER = 3;

    struct Forecast {
        uint256 demand;
        uint64 validFrom;
    }

    mapping(bytes32 id => Consumer) private _consumers;
    mapping(bytes32 id => Usage[]) private _usages;
    mapping(bytes32 id => mapping(uint32 period => uint256 indexPlusOne)) private _indexOf;
    mapping(bytes32 id => Forecast) private _forecasts;
    uint256 private _registered;

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(REGISTRAR_ROLE, admin);
        _grantRole(METER_ROLE, admin);
        _grantRole(FORECAST_ROLE, admin);
    }

    /// @inheritdoc IEnergyConsumption
    function registerConsumer(string memory consumerType, uint256 maxDemand) external returns (bytes32 id) {
        id = keccak256(abi.encode(address(this), block.chainid, msg.sender, ++_registered));
        _register(id, msg.sender, consumerType, maxDemand);
    }

    /// @notice Registers a consumer under an id that the cooperative drew by chance.
    function registerConsumerFor(bytes32 id, address owner, string memory consumerType, uint256 maxDemand)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        _register(id, owner, consumerType, maxDemand);
    }

    /// @notice Suspends, retires or reactivates a consumer.
    function updateConsumerStatus(bytes32 consumerId, ConsumerStatus status)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        _known(consumerId).status = status;
        emit ConsumerStatusChanged(consumerId, status);
    }

    /// @inheritdoc IEnergyConsumption
    function recordUsage(bytes32 consumerId, uint256 amount) external onlyRole(METER_ROLE) {
        _requireActive(consumerId);
        _record(consumerId, 0, amount, 0, UsageType.Individual);
    }

    /// @notice Records monthly totals of many consumers, each period once.
    function recordUsageBatch(
        bytes32[] calldata ids,
        uint32 period,
        uint256[] calldata amounts,
        uint256[] calldata peakDemands,
        UsageType[] calldata usageTypes
    ) external onlyRole(METER_ROLE) {
        if (
            ids.length != amounts.length || ids.length != peakDemands.length
                || ids.length != usageTypes.length
        ) {
            revert LengthsDiffer();
        }
        for (uint256 i = 0; i < ids.length; ++i) {
            _requireActive(ids[i]);
            if (_indexOf[ids[i]][period] != 0) revert PeriodRecorded(ids[i], period);
            _indexOf[ids[i]][period] = _usages[ids[i]].length + 1;
            _record(ids[i], period, amounts[i], peakDemands[i], usageTypes[i]);
        }
    }

    /// @notice Corrects a monthly total; both figures stay in the log.
    function correctUsage(bytes32 consumerId, uint32 period, uint256 amount) external onlyRole(METER_ROLE) {
        uint256 index = _indexOf[consumerId][period];
        if (index == 0) revert PeriodNotRecorded(consumerId, period);
        Usage storage record = _usages[consumerId][index - 1];
        emit UsageCorrected(consumerId, period, record.amount, amount);
        record.amount = amount;
    }

    /// @notice Posts a forecast of the next period's use [Wh], in force from `validFrom`.
    function setForecast(bytes32 consumerId, uint256 demand, uint64 validFrom)
        external
        onlyRole(FORECAST_ROLE)
    {
        _known(consumerId);
        _forecasts[consumerId] = Forecast(demand, validFrom);
        emit ForecastPosted(consumerId, demand, validFrom);
    }

    /// @inheritdoc IEnergyConsumption
    function predictDemand(bytes32 consumerId) external view returns (uint256) {
        _known(consumerId);
        Forecast storage forecast = _forecasts[consumerId];
        if (forecast.validFrom != 0 && forecast.validFrom <= block.timestamp) return forecast.demand;
        Usage[] storage records = _usages[consumerId];
        uint256 count = Math.min(records.length, MEAN_OVER);
        if (count == 0) return 0;
        uint256 sum = 0;
        for (uint256 i = records.length - count; i < records.length; ++i) {
            sum += records[i].amount;
        }
        return sum / count;
    }

    /// @inheritdoc IEnergyConsumption
    function getUsageHistory(bytes32 consumerId) external view returns (Usage[] memory) {
        uint256 length = _usages[consumerId].length;
        uint256 first = length > LONGEST_HISTORY ? length - LONGEST_HISTORY : 0;
        return getUsagePage(consumerId, first, LONGEST_HISTORY);
    }

    /// @notice Records from `first` on, at most `count`.
    function getUsagePage(bytes32 consumerId, uint256 first, uint256 count)
        public
        view
        returns (Usage[] memory page)
    {
        _known(consumerId);
        Usage[] storage records = _usages[consumerId];
        if (first >= records.length) return new Usage[](0);
        uint256 size = Math.min(count, records.length - first);
        page = new Usage[](size);
        for (uint256 i = 0; i < size; ++i) {
            page[i] = records[first + i];
        }
    }

    /// @notice A consumer as registered.
    function getConsumer(bytes32 consumerId) external view returns (Consumer memory) {
        return _known(consumerId);
    }

    /// @notice The total recorded for a period [Wh].
    function usageOf(bytes32 consumerId, uint32 period) external view returns (uint256) {
        uint256 index = _indexOf[consumerId][period];
        if (index == 0) revert PeriodNotRecorded(consumerId, period);
        return _usages[consumerId][index - 1].amount;
    }

    function _register(bytes32 id, address owner, string memory consumerType, uint256 maxDemand) private {
        if (_consumers[id].owner != address(0)) revert ConsumerExists(id);
        _consumers[id] = Consumer(id, owner, consumerType, maxDemand, ConsumerStatus.Active);
        emit ConsumerRegistered(id, owner, consumerType, maxDemand);
    }

    function _record(bytes32 id, uint32 period, uint256 amount, uint256 peakDemand, UsageType usageType)
        private
    {
        _usages[id].push(Usage(id, block.timestamp, amount, peakDemand, usageType));
        emit UsageRecorded(id, period, amount, peakDemand, usageType);
    }

    function _requireActive(bytes32 id) private view {
        if (_known(id).status != ConsumerStatus.Active) revert ConsumerNotActive(id);
    }

    function _known(bytes32 id) private view returns (Consumer storage consumer) {
        consumer = _consumers[id];
        if (consumer.owner == address(0)) revert ConsumerUnknown(id);
    }
}
