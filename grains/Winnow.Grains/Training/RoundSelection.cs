using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Selection;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Training;

/// <summary>
/// The stored form of <see cref="Selected"/>. The image is what counts: where it stands in which shard was so when it was selected.
/// </summary>
public sealed record SelectedRecord(int Shard, int Ordinal, ImageId Image, float Priority)
{
    internal string? Check() =>
        MemberRules.Number("shard", Shard, 0, (2 * ShardLayout.MaxCount) - 1)
        ?? MemberRules.Number("ordinal", Ordinal, 0, int.MaxValue - 1)
        ?? MemberRules.Number("priority", Priority, float.MinValue, float.MaxValue);
}

/// <summary>
/// What a round chose, and under what. Written once, before anybody is asked, so that after a crash the same images are asked about; the
/// round's own state, which each step rewrites, says how many they are.
/// </summary>
public sealed class RoundSelection : IStoredState
{
    /// <summary>What chose them.</summary>
    public string Strategy { get; set; } = "";

    /// <summary>The projection that it looked at.</summary>
    public string? ProjectionKey { get; set; }

    /// <summary>Images without scores then, among which it could not choose.</summary>
    public long Unscored { get; set; }

    /// <summary>The images, in the order of choice.</summary>
    public List<SelectedRecord> Images { get; set; } = [];

    public string? Check() => MemberRules.Each("images", Images, _ => null);
}

/// <summary>
/// Keeps what rounds chose beside their states. A round of 100,000 images is megabytes, and its state is written at every step and while
/// people answer.
/// </summary>
internal sealed class RoundSelections(IControlRecords records, KnownLevel level)
{
    /// <summary>What a round chose; null where it has not.</summary>
    public async Task<RoundSelection?> FindAsync(string round, RoundState state, CancellationToken cancellationToken) =>
        state.Selected.Count > 0
            ? state.ToSelection()
            : (await records.ReadAsync<RoundSelection>(ControlStorage.Selection, round, cancellationToken))?.State;

    /// <summary>
    /// Takes out of a state what was chosen, and keeps it; what is kept already stays. Where it may not be kept apart yet it is left in the
    /// state.
    /// </summary>
    /// <exception cref="Orleans.Storage.InconsistentStateException">Another activation of the round has chosen otherwise.</exception>
    public async Task MoveAsync(string round, RoundState state)
    {
        if (state.Selected.Count == 0 || !level.KeepsRecords) return;
        var known = await records.ReadAsync<RoundSelection>(ControlStorage.Selection, round, CancellationToken.None);
        if (known is null || !known.State.Images.SequenceEqual(state.Selected))
            await records.WriteAsync(ControlStorage.Selection, round, null, state.ToSelection(), CancellationToken.None);
        state.Part();
    }
}
