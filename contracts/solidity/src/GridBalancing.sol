// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {RootAnchor} from "./RootAnchor.sol";
import {IGridBalancing} from "./interfaces/IGridBalancing.sol";

/// @title Grid balancing
/// @notice Mirrors the grid's state and storages, and anchors one Merkle root per microgrid and day.
contract GridBalancing is IGridBalancing, RootAnchor, Multicall {
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    uint256 public constant WHOLE_BP = 10_000;

    GridState private _state;
    mapping(bytes32 stateId => GridState) private _states;
    mapping(bytes32 id => StorageUnit) private _storages;
    mapping(bytes32 id => bool) private _isStorage;
    uint256 private _storedEnergy;
    uint256 private _updates;
    uint256 private _surplusBp = 10_500;
    uint256 private _deficitBp = 9_500;
    uint256 private _peakBp = 5_000;

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(OPERATOR_ROLE, admin);
        _grantRole(ANCHOR_ROLE, admin);
    }

    /// @notice Sets from which share of demand [bp] supply counts as surplus, deficit, and (with stored energy) peak.
    function setThresholds(uint256 surplusBp, uint256 deficitBp, uint256 peakBp)
        external
        onlyRole(OPERATOR_ROLE)
    {
        if (peakBp > deficitBp || deficitBp > surplusBp) revert ThresholdsOutOfOrder();
        (_surplusBp, _deficitBp, _peakBp) = (surplusBp, deficitBp, peakBp);
    }

    /// @inheritdoc IGridBalancing
    function updateGridState(uint256 supply, uint256 demand)
        external
        onlyRole(OPERATOR_ROLE)
        returns (bytes32)
    {
        return _update(block.timestamp, supply, demand, _storedEnergy);
    }

    /// @notice Notes the state of a past interval or day, with the energy stored at its end [Wh].
    function recordGridState(uint256 timestamp, uint256 supply, uint256 demand, uint256 stored)
        external
        onlyRole(OPERATOR_ROLE)
        returns (bytes32)
    {
        return _update(timestamp, supply, demand, stored);
    }

    /// @notice Registers a storage under an id that the cooperative drew by chance.
    function registerStorage(bytes32 id, uint256 capacity, uint256 level) external onlyRole(OPERATOR_ROLE) {
        if (_isStorage[id]) revert StorageExists(id);
        if (level > capacity) revert LevelAboveCapacity(id, level, capacity);
        _isStorage[id] = true;
        _storages[id] = StorageUnit(id, capacity, level, StorageStatus.Idle);
        _storedEnergy += level;
        emit StorageRegistered(id, capacity, level);
    }

    /// @inheritdoc IGridBalancing
    function manageStorage(bytes32 storageId, uint256 amount, bool isCharging)
        external
        onlyRole(OPERATOR_ROLE)
    {
        if (!_isStorage[storageId]) revert StorageUnknown(storageId);
        StorageUnit storage unit = _storages[storageId];
        if (isCharging) {
            uint256 level = unit.currentLevel + amount;
            if (level > unit.capacity) revert LevelAboveCapacity(storageId, level, unit.capacity);
            unit.currentLevel = level;
            unit.status = StorageStatus.Charging;
            _storedEnergy += amount;
        } else {
            if (amount > unit.currentLevel) revert NotEnoughStored(storageId, unit.currentLevel, amount);
            unit.currentLevel -= amount;
            unit.status = StorageStatus.Discharging;
            _storedEnergy -= amount;
        }
        emit StorageManaged(storageId, amount, isCharging, unit.currentLevel);
    }

    /// @inheritdoc IGridBalancing
    function handlePeakDemand(uint256 expectedDemand)
        external
        onlyRole(OPERATOR_ROLE)
        returns (bool covered)
    {
        covered = _state.totalSupply + _storedEnergy >= expectedDemand;
        if (!covered) _state.status = GridStatus.Peak;
        emit PeakHandled(expectedDemand, _state.totalSupply, _storedEnergy, covered);
    }

    /// @inheritdoc IGridBalancing
    function getGridMetrics() external view returns (GridState memory) {
        return _state;
    }

    /// @notice A state by the id that updating returned.
    function getGridState(bytes32 stateId) external view returns (GridState memory) {
        return _states[stateId];
    }

    /// @notice A storage as registered, with its level.
    function getStorage(bytes32 storageId) external view returns (StorageUnit memory) {
        if (!_isStorage[storageId]) revert StorageUnknown(storageId);
        return _storages[storageId];
    }

    /// @notice Energy in all storages [Wh].
    function storedEnergy() external view returns (uint256) {
        return _storedEnergy;
    }

    function _update(uint256 timestamp, uint256 supply, uint256 demand, uint256 stored)
        private
        returns (bytes32 id)
    {
        GridState memory state =
            GridState(timestamp, supply, demand, stored, _statusOf(supply, demand, stored));
        id = keccak256(abi.encode(address(this), ++_updates));
        _states[id] = state;
        if (timestamp >= _state.timestamp) _state = state;
        emit GridStateUpdated(id, timestamp, supply, demand, stored, state.status);
    }

    function _statusOf(uint256 supply, uint256 demand, uint256 stored) private view returns (GridStatus) {
        if (supply * WHOLE_BP >= demand * _surplusBp) {
            return supply == demand ? GridStatus.Normal : GridStatus.Surplus;
        }
        if (supply * WHOLE_BP >= demand * _deficitBp) return GridStatus.Normal;
        if ((supply + stored) * WHOLE_BP >= demand * _peakBp) return GridStatus.Deficit;
        return GridStatus.Peak;
    }
}
