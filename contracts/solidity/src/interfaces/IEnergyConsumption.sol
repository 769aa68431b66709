// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Energy consumption of a microgrid
/// @notice Consumers and what they used. Energy in Wh, demand in W, periods as YYYYMM.
interface IEnergyConsumption {
    enum ConsumerStatus {
        Active,
        Suspended,
        Retired
    }

    enum UsageType {
        Individual,
        Group
    }

    struct Consumer {
        bytes32 id;
        address owner;
        string consumerType;
        uint256 maxDemand;
        ConsumerStatus status;
    }

    struct Usage {
        bytes32 consumerId;
        uint256 timestamp;
        uint256 amount;
        uint256 peakDemand;
        UsageType usageType;
    }

    error ConsumerExists(bytes32 id);
    error ConsumerUnknown(bytes32 id);
    error ConsumerNotActive(bytes32 id);
    error PeriodRecorded(bytes32 id, uint32 period);
    error PeriodNotRecorded(bytes32 id, uint32 period);
    error LengthsDiffer();

    event ConsumerRegistered(
        bytes32 indexed id, address indexed owner, string consumerType, uint256 maxDemand
    );
    event ConsumerStatusChanged(bytes32 indexed id, ConsumerStatus status);
    event UsageRecorded(
        bytes32 indexed id, uint32 indexed period, uint256 amount, uint256 peakDemand, UsageType usageType
    );
    event UsageCorrected(bytes32 indexed id, uint32 indexed period, uint256 before, uint256 amount);
    event ForecastPosted(bytes32 indexed id, uint256 demand, uint64 validFrom);

    /// @notice Registers a consumer of the caller; its id is made here.
    function registerConsumer(string memory consumerType, uint256 maxDemand) external returns (bytes32);

    /// @notice Records what a consumer used since the last record [Wh].
    function recordUsage(bytes32 consumerId, uint256 amount) external;

    /// @notice The next period's expected use [Wh]: the posted forecast in force, else the mean of the last three records.
    function predictDemand(bytes32 consumerId) external view returns (uint256);

    /// @notice The newest records, oldest first, at most 120 of them.
    function getUsageHistory(bytes32 consumerId) external view returns (Usage[] memory);
}
