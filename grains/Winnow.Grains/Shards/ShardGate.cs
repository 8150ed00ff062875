using System.Collections.Frozen;
using System.Reflection;
using Orleans.Serialization.Invocation;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.MachineDecisions;
using Winnow.Abstractions.Prelabels;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Training;

namespace Winnow.Grains.Shards;

/// <summary>What of a shard an entry relies on. Its rows are there before anybody enters.</summary>
internal enum ShardPart
{
    /// <summary>Its images, tasks and history alone.</summary>
    Rows,
    /// <summary>Its scores too, where they can be had within a moment: people would rather have an answer.</summary>
    Scores,
    /// <summary>The columns that serve, as they were published.</summary>
    Columns,
    /// <summary>All columns that were published, those of spaces that do not serve too.</summary>
    AllColumns,
    /// <summary>All columns, each in the space that the dataset's state says now.</summary>
    Spaces,
    /// <summary>The columns that serve, projected and scored under the state of learning that the caller brings.</summary>
    Learning,
}

/// <summary>Says what an entry of the shard relies on; each says it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsAttribute(ShardPart part) : Attribute
{
    public ShardPart Part => part;
}

/// <summary>
/// The one gate of a shard: every call passes it, and comes in when what its entry relies on is there. Who must not be answered, because
/// the
/// images are being handed over, does not come in at all.
/// </summary>
internal sealed class ShardGate(ShardWriter writer, ShardColumns columns, ShardSpaces spaces)
{
    /// <summary>The interfaces whose calls pass here.</summary>
    public static readonly IReadOnlyList<Type> Interfaces =
    [
        typeof(IShardIngest), typeof(IShardReview), typeof(IShardPrelabels), typeof(IShardMachine), typeof(IShardLearning),
        typeof(IShardSpaces), typeof(IShardSplit),
    ];

    private static readonly FrozenDictionary<MethodInfo, ShardPart> Needs = Read();

    public async Task PassAsync(IIncomingGrainCallContext context)
    {
        if (writer.Standing != ShardStanding.Holds) await PassHandoverAsync(context.InterfaceMethod);
        var cancellationToken = TokenOf(context.Request);
        switch (Needs.GetValueOrDefault(context.InterfaceMethod))
        {
            case ShardPart.Scores:
                await columns.ScoresLoadedAsync(cancellationToken);
                break;
            case ShardPart.Columns:
                await columns.LoadedAsync(cancellationToken);
                break;
            case ShardPart.AllColumns:
                await columns.AllLoadedAsync(cancellationToken);
                break;
            case ShardPart.Spaces:
                await columns.AllLoadedAsync(cancellationToken);
                await spaces.ReachAsync(null, cancellationToken);
                break;
            case ShardPart.Learning:
                await columns.LoadedAsync(cancellationToken);
                await spaces.ReachAsync(LearningOf(context.Request), cancellationToken);
                break;
        }
    }

    /// <summary>Whether a call may go on at once.</summary>
    public bool IsOpenTo(IIncomingGrainCallContext context) =>
        writer.Standing == ShardStanding.Holds && columns.AreAllLoaded
        && Needs.GetValueOrDefault(context.InterfaceMethod) is not (ShardPart.Learning or ShardPart.Spaces);

    /// <summary>What an entry relies on; null when it does not say.</summary>
    internal static ShardPart? PartOf(MethodInfo method)
    {
        var map = typeof(ShardGrain).GetInterfaceMap(method.DeclaringType!);
        return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, method)].GetCustomAttribute<NeedsAttribute>()?.Part;
    }

    /// <summary>While shards are being exchanged, each call is answered by what the ledger says at that moment about who holds the
    /// images.</summary>
    private async Task PassHandoverAsync(MethodInfo method)
    {
        // Someone who does not know yet. It is no shard any more, and nothing of it was read.
        if (writer.Standing == ShardStanding.Gone) throw writer.Moved();
        if (method.DeclaringType == typeof(IShardSplit)) return;
        await writer.LookAgainAsync(writer.Closing);
        if (writer.Standing == ShardStanding.Coming)
            throw new OrleansException($"Shard {writer.Key} does not hold its images yet. Repeat the call.");
    }

    private static LearningState? LearningOf(IInvokable request)
    {
        foreach (var argument in Arguments(request))
        {
            if (argument is LearningState state) return state;
            if (argument is GatherCandidates gather) return gather.Learning;
        }
        return null;
    }

    private static CancellationToken TokenOf(IInvokable request) => Arguments(request).OfType<CancellationToken>().FirstOrDefault();

    private static IEnumerable<object?> Arguments(IInvokable request) =>
        Enumerable.Range(0, request.GetArgumentCount()).Select(request.GetArgument);

    private static FrozenDictionary<MethodInfo, ShardPart> Read() =>
        Interfaces.SelectMany(i => i.GetMethods()).ToFrozenDictionary(
            m => m, m => PartOf(m) ?? throw new InvalidOperationException($"{m.DeclaringType!.Name}.{m.Name} does not say what it needs."));
}
