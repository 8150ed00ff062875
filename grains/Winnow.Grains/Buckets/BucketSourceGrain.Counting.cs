using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;

namespace Winnow.Grains.Buckets;

/// <summary>What a source tells of what it has met: each object that it did not take is counted, and the latest are named with the
/// reason.</summary>
internal sealed partial class BucketSourceGrain
{
    private const int NamesShown = 100;
    /// <summary>Tries of an object that fails while others are read, after which it waits as one that is refused does.</summary>
    private const int TriesInRow = 5;

    private void Count(Fetched[] fetched, Fetched[] here, IReadOnlyList<IngestResult> results)
    {
        var now = state.State;
        now.Taken += results.Count(r => r.Status == IngestStatus.Accepted);
        now.Duplicates += results.Count(r => r.Status == IngestStatus.Duplicate);
        now.Quarantined += results.Count(r => r.Status == IngestStatus.Quarantined);
        now.InOtherPartition += results.Count(r => r.StandsIn is not null);
        now.LabelsNotTaken += results.Count(r => r.LabelNotTaken is not null);
        now.StoredOtherwise += results.Count(r => r.StoredAs is not null);
        for (var i = 0; i < here.Length; i++)
        {
            var key = here[i].Entry.Key;
            var unlabelled = now.Source!.LabelsFromFolders && results[i].Status == IngestStatus.Accepted && LabelOf(key) is null;
            if (unlabelled) now.LabelsNotTaken++;
            if (unlabelled || results[i] is not { AsSent: true, StoredAs: null })
                Note(now.LatestNoted, key, Told(results[i], unlabelled ? InNoFolder : null));
        }
        foreach (var f in fetched) Count(f);
        now.Waiting = _waiting.Count;
    }

    private const string InNoFolder = "It lies in no folder that names a class, and came without a label.";

    private static string Told(IngestResult result, string? further) => string.Join(' ', new[]
    {
        further,
        result.Reason,
        result.StoredAs is { } name ? $"It is stored as {name}." : null,
    }.OfType<string>());

    private void Count(Fetched fetched)
    {
        var (now, key) = (state.State, fetched.Entry.Key);
        if (fetched.Outcome == Outcome.Failed)
        {
            _tries[key] = _tries.GetValueOrDefault(key) + 1;
            _passing = fetched.Problem;
            if (_tries[key] < TriesInRow) _again.Add(key);
            else Wait(fetched with { Problem = $"It could not be read in {TriesInRow} tries, and waits. {fetched.Problem}" });
            return;
        }
        _tries.Remove(key);
        if (fetched.Outcome == Outcome.Refused) Wait(fetched);
        else _waiting.Remove(fetched.Hash);
        // What was refused and has come is not among the refused any more.
        if (fetched.Outcome == Outcome.Here) now.LatestRefused.RemoveAll(r => r.Key == key);
        if (fetched.Outcome == Outcome.Gone) now.Vanished++;
        if (fetched.Outcome is Outcome.TooLarge or Outcome.LeftOut) now.Refused++;
        if (fetched.Outcome is Outcome.Gone or Outcome.TooLarge or Outcome.LeftOut) Note(now.LatestRefused, key, fetched.Problem!);
    }

    /// <summary>Puts off an object that is refused, and names it.</summary>
    private void Wait(Fetched refused)
    {
        _tries.Remove(refused.Entry.Key);
        _waiting.Add(refused.Hash);
        Note(state.State.LatestRefused, refused.Entry.Key, refused.Problem!);
    }

    /// <summary>Names an object among the latest; one that was named before is named anew.</summary>
    private static void Note(List<RefusedObject> latest, string key, string reason)
    {
        latest.RemoveAll(r => r.Key == key);
        latest.Add(new RefusedObject(key, reason));
        if (latest.Count > NamesShown) latest.RemoveRange(0, latest.Count - NamesShown);
    }
}
