using System.Text.Json.Serialization;

namespace Winnow.Model.Acts;

/// <summary>
/// What somebody did: a closed vocabulary. Its words stand in records that are never changed, so none is renamed or given another meaning;
/// a new act is a new word.
/// </summary>
[JsonConverter(typeof(KebabEnumConverter<ActKind>))]
public enum ActKind : byte
{
    /// <summary>A word of a later release.</summary>
    Unknown = 0,
    /// <summary>An image was labelled, rejected, skipped, confirmed or corrected.</summary>
    DecisionMade = 1,
    /// <summary>An entry of an image's history was taken back.</summary>
    DecisionTakenBack = 2,
    /// <summary>An image is to be asked about again.</summary>
    AskedAgain = 3,
    /// <summary>What an image shows was said to be known for certain.</summary>
    GoldSet = 4,
    /// <summary>The original bytes of an image were given out.</summary>
    OriginalRead = 5,
    /// <summary>A link was given out that reads the original bytes of an image.</summary>
    OriginalLinked = 6,
    /// <summary>A lot of images was sent.</summary>
    ImagesAdded = 7,
    /// <summary>Links were given out by which images can be sent past the server.</summary>
    UploadsPrepared = 8,
    /// <summary>A lot of prelabels was sent.</summary>
    PrelabelsAdded = 9,
    /// <summary>Review tasks were given out.</summary>
    TasksLeased = 10,
    /// <summary>Review tasks were given back.</summary>
    TasksReleased = 11,
    /// <summary>What asking about images is worth was said.</summary>
    PrioritiesSet = 12,
    /// <summary>A dataset was created.</summary>
    DatasetCreated = 13,
    /// <summary>The deletion of a dataset began.</summary>
    DatasetDeleted = 14,
    /// <summary>A dataset was restored from a backup.</summary>
    DatasetRestored = 15,
    /// <summary>A backup of a dataset was given out.</summary>
    DatasetBackedUp = 16,
    /// <summary>A dataset was held against the object store, and what is derived was made anew where that was asked.</summary>
    DatasetVerified = 17,
    /// <summary>The shards of a dataset are to be doubled.</summary>
    ShardsDoubled = 18,
    /// <summary>A policy was changed.</summary>
    PolicyChanged = 19,
    /// <summary>A role was granted, or its end moved.</summary>
    AccessGranted = 20,
    /// <summary>A person was vetted.</summary>
    AccessVetted = 21,
    /// <summary>A role was taken back.</summary>
    AccessRevoked = 22,
    /// <summary>An API key was made.</summary>
    KeyMade = 23,
    /// <summary>An API key was revoked.</summary>
    KeyRevoked = 24,
    /// <summary>A round was started.</summary>
    RoundStarted = 25,
    /// <summary>A round was ended by hand.</summary>
    RoundEnded = 26,
    /// <summary>A version was made.</summary>
    VersionMade = 27,
    /// <summary>A version was given out in an export format.</summary>
    VersionExported = 28,
    /// <summary>A version's manifest was given out.</summary>
    ManifestExported = 29,
    /// <summary>The changes between two versions were given out, image by image.</summary>
    ChangesExported = 30,
    /// <summary>A trained model was given out.</summary>
    ModelExported = 31,
    /// <summary>A backbone was added beside the one that serves.</summary>
    BackboneAdded = 32,
    /// <summary>Backbones were compared.</summary>
    BackbonesCompared = 33,
    /// <summary>Another backbone serves.</summary>
    BackboneSwitched = 34,
    /// <summary>A backbone was removed.</summary>
    BackboneRemoved = 35,
    /// <summary>A bucket became a source of images.</summary>
    SourceAdded = 36,
    /// <summary>A source was removed.</summary>
    SourceRemoved = 37,
    /// <summary>A source was asked to look at its bucket.</summary>
    SourceSynced = 38,
    /// <summary>A path for notifications of a bucket was given out; the one before it is closed.</summary>
    NotificationPathMade = 39,
    /// <summary>Something that cannot be read was deleted.</summary>
    SetAsideDiscarded = 40,
    /// <summary>A silo handed over what it held and left the cluster.</summary>
    SiloDrained = 41,
    /// <summary>A version of a label schema was made.</summary>
    SchemaChanged = 42,
    /// <summary>A browser was signed in with a key.</summary>
    SessionBegun = 43,
    /// <summary>A browser was signed out.</summary>
    SessionEnded = 44,
    /// <summary>A lot of machine decisions was recorded.</summary>
    MachineDecisionsMade = 45,
    /// <summary>Machine decisions were taken back: of a run, or about an image.</summary>
    MachineDecisionsTakenBack = 46,
}

/// <summary>How an act ended.</summary>
[JsonConverter(typeof(KebabEnumConverter<ActOutcome>))]
public enum ActOutcome : byte
{
    /// <summary>A word of a later release.</summary>
    Unknown = 0,
    /// <summary>It was done.</summary>
    Done = 1,
    /// <summary>It was begun, and what came of it shows elsewhere: bytes that were being sent when this was written.</summary>
    Begun = 2,
}
