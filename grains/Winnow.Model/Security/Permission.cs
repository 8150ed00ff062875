using System.Text.Json.Serialization;

namespace Winnow.Model.Security;

/// <summary>What an endpoint asks of its caller. Values below 32 are held in one dataset, the others in the cluster.</summary>
[JsonConverter(typeof(KebabEnumConverter<Permission>))]
public enum Permission : byte
{
    /// <summary>See the dataset, its counts, rounds and curves.</summary>
    ReadDataset = 0,
    /// <summary>See images, their labels and their history.</summary>
    ReadImages = 1,
    /// <summary>Bring images.</summary>
    ImportImages = 2,
    /// <summary>Say where images come from by themselves.</summary>
    ManageSources = 3,
    /// <summary>Take review tasks and answer them.</summary>
    ReviewTasks = 4,
    /// <summary>Replace an answer that stands.</summary>
    CorrectDecisions = 5,
    /// <summary>Start rounds, and end them.</summary>
    StartRounds = 6,
    /// <summary>Make versions.</summary>
    CreateVersions = 7,
    /// <summary>Take versions and models out.</summary>
    ExportData = 8,
    /// <summary>See who has access, and who changed that.</summary>
    ReadAccess = 9,
    /// <summary>Grant, vet and revoke access.</summary>
    ManageAccess = 10,
    /// <summary>
    /// Act in the name of somebody else, as the server of a review screen does. Held through a key that names it, and no other way.
    /// </summary>
    ActForOthers = 11,
    /// <summary>Delete the dataset, with all that people said in it.</summary>
    DeleteDataset = 12,
    /// <summary>Add, compare, switch and drop the dataset's backbones.</summary>
    ManageBackbones = 13,
    /// <summary>Change the dataset's policies.</summary>
    ChangePolicies = 14,
    /// <summary>Take tasks that ask whether what others said is right.</summary>
    VerifyLabels = 15,
    /// <summary>Take tasks that settle what people disagree about.</summary>
    ArbitrateLabels = 16,
    /// <summary>See who did how much, and how far others agree.</summary>
    ReadPeople = 17,
    /// <summary>Take the original bytes of images; without it smaller copies alone.</summary>
    ReadOriginals = 18,
    /// <summary>See who did what in the dataset, from where.</summary>
    ReadActs = 19,
    /// <summary>Have machines decide about images, and take their decisions back.</summary>
    DecideByMachine = 20,
    /// <summary>Change the dataset's label schema.</summary>
    ChangeSchema = 21,
    /// <summary>Create datasets.</summary>
    CreateDatasets = 32,
    /// <summary>Make and revoke API keys.</summary>
    ManageKeys = 33,
    /// <summary>See the keys, who has access to the whole cluster, and who changed that.</summary>
    ReadClusterAccess = 34,
    /// <summary>Grant, vet and revoke access to the whole cluster.</summary>
    ManageClusterAccess = 35,
    /// <summary>See how the cluster fares: metrics, silos, queues.</summary>
    ReadCluster = 36,
    /// <summary>Drain silos and repair.</summary>
    OperateCluster = 37,
    /// <summary>Delete what cannot be read: datasets, states, secrets that are set aside. What is sound is not deleted by it.</summary>
    DiscardSetAside = 38,
    /// <summary>See who did what to the cluster and to datasets as a whole, from where.</summary>
    ReadClusterActs = 39,
}
