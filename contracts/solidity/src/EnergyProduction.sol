// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {IEnergyProduction} from "./interfaces/IEnergyProduction.sol";

/// @title Energy production
/// @notice Mirrors the cooperative's sources and their monthly totals. Ids are random: nothing here names a person.
contract EnergyProduction is IEnergyProduction, AccessControl, Multicall {
    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");
    bytes32 public constant METER_ROLE = keccak256("METER_ROLE");
    uint256 public constant WHOLE_BP = 10_000;

    mapping(bytes32 id => EnergySource) private _sources;
    mapping(bytes32 id => Production[]) private _productions;
    mapping(bytes32 id => mapping(uint32 period => uint256 indexPlusOne)) private _indexOf;
    uint256 private _registered;

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(REGISTRAR_ROLE, admin);
        _grantRole(METER_ROLE, admin);
    }

    /// @inheritdoc IEnergyProduction
    function registerSource(string memory sourceType, uint256 capacity) external returns (bytes32 id) {
        id = keccak256(abi.encode(address(this), block.chainid, msg.sender, ++_registered));
        _register(id, msg.sender, sourceType, capacity);
    }

    /// @notice Registers a source under an id that the cooperative drew by chance.
    function registerSourceFor(bytes32 id, address owner, string memory sourceType, uint256 capacity)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        _register(id, owner, sourceType, capacity);
    }

    /// @inheritdoc IEnergyProduction
    function recordProduction(bytes32 sourceId, uint256 amount) external onlyRole(METER_ROLE) {
        _requireProducing(sourceId);
        _record(sourceId, 0, amount, 0, bytes32(0));
    }

    /// @notice Records monthly totals of many sources, each period once.
    function recordProductionBatch(
        bytes32[] calldata ids,
        uint32 period,
        uint256[] calldata amounts,
        uint256[] calldata efficienciesBp,
        bytes32 batchId
    ) external onlyRole(METER_ROLE) {
        if (ids.length != amounts.length || ids.length != efficienciesBp.length) {
            revert LengthsDiffer();
        }
        for (uint256 i = 0; i < ids.length; ++i) {
            _requireProducing(ids[i]);
            if (efficienciesBp[i] > WHOLE_BP) revert EfficiencyAboveWhole(efficienciesBp[i]);
            if (_indexOf[ids[i]][period] != 0) revert PeriodRecorded(ids[i], period);
            _indexOf[ids[i]][period] = _productions[ids[i]].length + 1;
            _record(ids[i], period, amounts[i], efficienciesBp[i], batchId);
        }
    }

    /// @notice Corrects a monthly total; both figures stay in the log.
    function correctProduction(bytes32 sourceId, uint32 period, uint256 amount)
        external
        onlyRole(METER_ROLE)
    {
        uint256 index = _indexOf[sourceId][period];
        if (index == 0) revert PeriodNotRecorded(sourceId, period);
        Production storage record = _productions[sourceId][index - 1];
        emit ProductionCorrected(sourceId, period, record.amount, amount);
        record.amount = amount;
    }

    /// @inheritdoc IEnergyProduction
    function updateSourceStatus(bytes32 sourceId, SourceStatus status) external {
        EnergySource storage source = _known(sourceId);
        if (msg.sender != source.owner && !hasRole(REGISTRAR_ROLE, msg.sender)) {
            revert NotSourceOwner(sourceId, msg.sender);
        }
        if (source.status == SourceStatus.Maintenance && status == SourceStatus.Active) {
            source.lastMaintenance = block.timestamp;
        }
        source.status = status;
        emit SourceStatusChanged(sourceId, status);
    }

    /// @inheritdoc IEnergyProduction
    function getSourceEfficiency(bytes32 sourceId) external view returns (uint256) {
        _known(sourceId);
        Production[] storage records = _productions[sourceId];
        return records.length == 0 ? 0 : records[records.length - 1].efficiency;
    }

    /// @notice A source as registered.
    function getSource(bytes32 sourceId) external view returns (EnergySource memory) {
        return _known(sourceId);
    }

    /// @notice The total recorded for a period [Wh].
    function productionOf(bytes32 sourceId, uint32 period) external view returns (uint256) {
        uint256 index = _indexOf[sourceId][period];
        if (index == 0) revert PeriodNotRecorded(sourceId, period);
        return _productions[sourceId][index - 1].amount;
    }

    function _register(bytes32 id, address owner, string memory sourceType, uint256 capacity) private {
        if (_sources[id].owner != address(0)) revert SourceExists(id);
        _sources[id] = EnergySource(id, owner, sourceType, capacity, 0, SourceStatus.Active);
        emit SourceRegistered(id, owner, sourceType, capacity);
    }

    function _record(bytes32 id, uint32 period, uint256 amount, uint256 efficiency, bytes32 batchId) private {
        _productions[id].push(Production(id, block.timestamp, amount, efficiency, batchId));
        emit ProductionRecorded(id, period, amount, efficiency, batchId);
    }

    function _requireProducing(bytes32 id) private view {
        if (_known(id).status == SourceStatus.Retired) revert SourceRetired(id);
    }

    function _known(bytes32 id) private view returns (EnergySource storage source) {
        source = _sources[id];
        if (source.owner == address(0)) revert SourceUnknown(id);
    }
}
