namespace Winnow.Grains.Ports;

/// <summary>
/// The grain storage of control states, which the host registers, and the names of the states in it: each is the type of its grain too.
/// <c>ControlStates</c> says what becomes of each of them.
/// </summary>
public static class ControlStorage
{
    public const string Name = "control";

    public const string Dataset = "dataset";
    public const string Round = "round";
    public const string Access = "access";
    public const string BucketSources = "bucket-sources";
    public const string BucketSource = "bucket-source";
    public const string ApiKey = "api-key";
    public const string ApiKeys = "api-keys";
}
