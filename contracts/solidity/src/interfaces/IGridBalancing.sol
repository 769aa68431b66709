// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Balance of a microgrid
/// @notice What the grid's state was and what was decided. Energy in Wh.
interface IGridBalancing {
    enum GridStatus {
        Normal,
        Surplus,
        Deficit,
        Peak,
        Emergency
    }

    enum StorageStatus {
        Idle,
        Charging,
        Discharging,
        Retired
    }

    struct GridState {
        uint256 timestamp;
        uint256 totalSupply;
        uint256 totalDemand;
        uint256 storedEnergy;
        GridStatus status;
    }

    struct StorageUnit {
        bytes32 id;
        uint256 capacity;
        uint256 currentLevel;
        StorageStatus status;
    }

    error StorageExists(bytes32 id);
    error StorageUnknown(bytes32 id);
    error LevelAboveCapacity(bytes32 id, uint256 level, uint256 capacity);
    error NotEnoughStored(bytes32 id, uint256 level, uint256 amount);
    error ThresholdsOutOfOrder();

    event GridStateUpdated(
        bytes32 indexed id,
        uint256 timestamp,
        uint256 supply,
        uint256 demand,
        uint256 stored,
        GridStatus status
    );
    event StorageRegistered(bytes32 indexed id, uint256 capacity, uint256 level);
    event StorageManaged(bytes32 indexed id, uint256 amount, bool isCharging, uint256 level);
    event PeakHandled(uint256 expectedDemand, uint256 supply, uint256 stored, bool covered);

    /// @notice Updates the state of the grid; returns the state's id.
    function updateGridState(uint256 supply, uint256 demand) external returns (bytes32);

    /// @notice Notes that a storage was charged or discharged by `amount` [Wh]; its level stays within 0 and its capacity.
    function manageStorage(bytes32 storageId, uint256 amount, bool isCharging) external;

    /// @notice Decides whether supply and stored energy cover an expected demand, and notes the decision.
    function handlePeakDemand(uint256 expectedDemand) external returns (bool);

    /// @notice The newest state.
    function getGridMetrics() external view returns (GridState memory);
}
