using System.Text.Json;
using Winnow.Grains.Ports;
using Winnow.Grains.Training;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Training;

/// <summary>
/// What a round chose is written once, beside the state that each of its steps rewrites; states of the last release are read and taken
/// over.
/// </summary>
public sealed class RoundSelectionTests
{
    private const string Round = "pets/main/1";
    private const string Image = "img-aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq";
    private static readonly CancellationToken Never = CancellationToken.None;

    /// <summary>Of a round that waits for people, as release 34be458 wrote it.</summary>
    private const string LastRelease = $$"""
        {"command":{"batchSize":5,"arm":"main","strategy":"herding","coldStart":"k-means","answerWithin":"7.00:00:00"},"step":"review",
         "strategy":"k-means","startedBy":"ann","startedAt":"2026-01-01T00:00:00+00:00","endedAt":null,
         "selected":[{"shard":1,"ordinal":4,"image":"{{Image}}","priority":1}],"unscored":3,"decided":0,"auditOpen":0,"heard":0,
         "heardAt":"2026-01-01T00:00:09+00:00","outcomes":null,"auditOutcomes":null,"endedBy":null,
         "endOperation":"00000000-0000-0000-0000-000000000000","endOperationBy":null,"labels":0,"dataSha256":null,
         "projectionKey":"datasets/pets/projections/0f","regularisation":0,"crossValidatedLogLoss":null,"outOfFoldTemperature":1,"model":null,
         "headKey":null,"better":false,"promoted":null,"reason":null}
        """;

    private readonly MemoryRecords _store = new();

    private RoundSelections Selections(bool newer = true) => new(_store, MemoryRecords.Level(newer));

    private static RoundState Read(string json) =>
        JsonSerializer.Deserialize<RoundState>(json, ModelJson.Default.Options.WithReflection())!;

    private static string Write(RoundState state) => JsonSerializer.Serialize(state, ModelJson.Default.Options.WithReflection());

    [Fact]
    public async Task A_state_of_the_last_release_is_read_and_taken_over()
    {
        var state = Read(LastRelease);
        Assert.Null(state.Check());
        Assert.Equal((1, RoundStep.Review, null), (state.Chosen, state.Step, state.Command!.Trainer));
        var before = (await Selections().FindAsync(Round, state, Never))!;
        Assert.Equal(("k-means", "datasets/pets/projections/0f", 3L), (before.Strategy, before.ProjectionKey, before.Unscored));

        await Selections().MoveAsync(Round, state);
        Assert.DoesNotContain(Image, Write(state), StringComparison.Ordinal);
        var after = Read(Write(state));
        Assert.Equal((1, RoundStep.Review), (after.Chosen, after.Step));
        var kept = (await Selections().FindAsync(Round, after, Never))!;
        Assert.Equal(new SelectedRecord(1, 4, ImageId.Parse(Image), 1), kept.Images.Single());
        Assert.Equal(("k-means", "datasets/pets/projections/0f", 3L), (kept.Strategy, kept.ProjectionKey, kept.Unscored));
        // As a backup has it.
        after.Join(kept);
        Assert.Equal((1, null), (after.Selected.Count, after.SelectedCount));
    }

    [Fact]
    public async Task A_hundred_thousand_images_are_written_once()
    {
        var state = Read(LastRelease);
        state.Selected = [.. Enumerable.Range(0, 100_000)
            .Select(i => new SelectedRecord(i % 8, i, new ImageId((ulong)i, 1, 2, 3), 1f - (i / 100_000f)))];
        await Selections().MoveAsync(Round, state);
        Assert.Single(_store.Written);
        Assert.InRange(Write(state).Length, 1, 4_000);
        Assert.Equal(100_000, state.Chosen);
        await Selections().MoveAsync(Round, state);
        Assert.Single(_store.Written);
    }

    [Fact]
    public async Task What_another_activation_chose_first_stands()
    {
        await Selections().MoveAsync(Round, Read(LastRelease));
        // The same after a crash before the state was written.
        await Selections().MoveAsync(Round, Read(LastRelease));
        var other = Read(LastRelease);
        other.Selected = [other.Selected[0] with { Priority = 0.5f }];
        await Assert.ThrowsAsync<Orleans.Storage.InconsistentStateException>(() => Selections().MoveAsync(Round, other));
        Assert.Equal(1f, (await Selections().FindAsync(Round, new RoundState(), Never))!.Images.Single().Priority);
    }

    [Fact]
    public async Task Beside_a_silo_of_the_last_release_it_stays_in_the_state()
    {
        var state = Read(LastRelease);
        await Selections(newer: false).MoveAsync(Round, state);
        Assert.Equal((1, null, 0), (state.Selected.Count, state.SelectedCount, _store.Count(ControlStorage.Selection)));
    }
}
