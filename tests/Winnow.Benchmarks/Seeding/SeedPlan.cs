namespace Winnow.Benchmarks.Seeding;

/// <summary>What a seeded dataset holds.</summary>
internal sealed record SeedPlan
{
    /// <summary>The one arm that has a model.</summary>
    public const string Model = "main/1";

    /// <summary>The dataset's name.</summary>
    public string Name { get; init; } = "million";

    /// <summary>Images, spread evenly over the shards.</summary>
    public required int Images { get; init; }

    /// <summary>A power of two. Default 8, as that of datasets.</summary>
    public int Shards { get; init; } = 8;

    /// <summary>Classes of the label schema. Default 10.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>
    /// Numbers in a row of the projection; 0 for a pool that was not embedded, of which a silo then asks its device in vain. Default 256.
    /// </summary>
    public int Dimensions { get; init; } = 256;

    /// <summary>Images whose label came with them. Default none.</summary>
    public int Labelled { get; init; }

    /// <summary>Images that people are asked about, none of them labelled. Default none.</summary>
    public int Tasks { get; init; }

    /// <summary>
    /// Images that people have labelled, after those that have a label and those that are asked about. Of 20, seven are verified by
    /// somebody else, and one more is disputed. Default none.
    /// </summary>
    public int Answered { get; init; }

    /// <summary>People who did, each as many as any other: <c>reviewer-0</c> and so on. Default 200.</summary>
    public int People { get; init; } = 200;

    /// <summary>
    /// All shards name the same vectors and scores, so that a pool larger than the disk can be seeded. Ids, and with them all draws, differ
    /// still.
    /// </summary>
    public bool SharedVectors { get; init; }

    /// <summary>Everything random follows from it. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Images of each shard.</summary>
    public int PerShard => Images / Shards;
}
