using static Winnow.Model.Security.Permission;

namespace Winnow.Model.Security;

/// <summary>
/// The one table of what roles may do. A role on a dataset holds the permissions of the first part there; a role on the whole cluster holds
/// them in every dataset, and those of the second part beside.
/// </summary>
public static class RolePermissions
{
    private static readonly Dictionary<Role, PermissionSet> OfDataset = new()
    {
        [Role.Owner] = new(ReadDataset, ReadImages, ReadOriginals, ImportImages, ManageSources, ReviewTasks, CorrectDecisions, StartRounds,
            CreateVersions, ExportData, ReadAccess, ManageAccess, ActForOthers, DeleteDataset, ManageBackbones, ChangePolicies,
            ChangeSchema, VerifyLabels, ArbitrateLabels, ReadPeople, ReadActs, DecideByMachine),
        [Role.Engineer] = new(ReadDataset, ReadImages, ReadOriginals, ImportImages, ManageSources, StartRounds, CreateVersions, ExportData,
            ManageBackbones, ChangePolicies, ChangeSchema, ReadPeople, DecideByMachine),
        [Role.Ingester] = new(ReadDataset, ImportImages),
        [Role.Annotator] = new(ReadDataset, ReadImages, ReadOriginals, ReviewTasks),
        [Role.Verifier] = new(ReadDataset, ReadImages, ReadOriginals, ReviewTasks, CorrectDecisions, VerifyLabels),
        [Role.Arbitrator] = new(ReadDataset, ReadImages, ReadOriginals, ReviewTasks, CorrectDecisions, VerifyLabels, ArbitrateLabels,
            ReadPeople),
        [Role.Auditor] = new(ReadDataset, ReadImages, ReadOriginals, ExportData, ReadAccess, ReadPeople, ReadActs),
        [Role.Viewer] = new(ReadDataset, ReadImages),
    };

    private static readonly Dictionary<Role, PermissionSet> OfCluster = new()
    {
        [Role.Owner] = new(CreateDatasets, ManageKeys, ReadClusterAccess, ManageClusterAccess, ReadCluster, OperateCluster,
            DiscardSetAside, ReadClusterActs),
        [Role.Engineer] = new(CreateDatasets, ReadCluster),
        [Role.Auditor] = new(ReadClusterAccess, ReadCluster, ReadClusterActs),
        [Role.Viewer] = new(ReadCluster),
    };

    /// <summary>What a role may do in the dataset that it is granted on.</summary>
    public static PermissionSet InDataset(Role role) => OfDataset[role];

    /// <summary>What a role may do in the cluster when it is granted on the whole of it.</summary>
    public static PermissionSet InCluster(Role role) => OfCluster.GetValueOrDefault(role);
}
