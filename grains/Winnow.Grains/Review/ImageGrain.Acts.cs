using System.Globalization;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Acts;
using Winnow.Model.Acts;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>What is said of an image leaves an act, which its shard writes in one commit with it.</summary>
internal sealed partial class ImageGrain
{
    private ActRecord? ActOf(HistoryEntry entry, byte[] json) => !level.KeepsActs ? null : ActRecords.Make(
        new ActDraft(WhatOf(entry.Decision.Kind))
        {
            Image = _image,
            Of = entry.Version.ToString(CultureInfo.InvariantCulture),
            Content = json,
        }, ActCaller.OfRequest(entry.Actor), entry.At);

    private static ActKind WhatOf(DecisionKind kind) => kind switch
    {
        DecisionKind.TakeBack => ActKind.DecisionTakenBack,
        DecisionKind.AskAgain => ActKind.AskedAgain,
        DecisionKind.Gold => ActKind.GoldSet,
        _ => ActKind.DecisionMade,
    };
}
