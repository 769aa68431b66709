// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Energy production of a microgrid
/// @notice Sources and what they produced. Energy in Wh, capacity in W, efficiency in basis points, periods as YYYYMM.
interface IEnergyProduction {
    enum SourceStatus {
        Active,
        Maintenance,
        Faulty,
        Retired
    }

    struct EnergySource {
        bytes32 id;
        address owner;
        string sourceType;
        uint256 capacity;
        uint256 lastMaintenance;
        SourceStatus status;
    }

    struct Production {
        bytes32 sourceId;
        uint256 timestamp;
        uint256 amount;
        uint256 efficiency;
        bytes32 batchId;
    }

    error SourceExists(bytes32 id);
    error SourceUnknown(bytes32 id);
    error SourceRetired(bytes32 id);
    error PeriodRecorded(bytes32 id, uint32 period);
    error PeriodNotRecorded(bytes32 id, uint32 period);
    error LengthsDiffer();
    error EfficiencyAboveWhole(uint256 basisPoints);
    error NotSourceOwner(bytes32 id, address caller);

    event SourceRegistered(bytes32 indexed id, address indexed owner, string sourceType, uint256 capacity);
    event SourceStatusChanged(bytes32 indexed id, SourceStatus status);
    event ProductionRecorded(
        bytes32 indexed id, uint32 indexed period, uint256 amount, uint256 efficiency, bytes32 batchId
    );
    event ProductionCorrected(bytes32 indexed id, uint32 indexed period, uint256 before, uint256 amount);

    /// @notice Registers a source of the caller; its id is made here.
    function registerSource(string memory sourceType, uint256 capacity) external returns (bytes32);

    /// @notice Records what a source produced since the last record [Wh].
    function recordProduction(bytes32 sourceId, uint256 amount) external;

    /// @notice Changes a source's status; leaving maintenance notes the time of it.
    function updateSourceStatus(bytes32 sourceId, SourceStatus status) external;

    /// @notice Efficiency of the newest record, in basis points of what the capacity allows.
    function getSourceEfficiency(bytes32 sourceId) external view returns (uint256);
}
