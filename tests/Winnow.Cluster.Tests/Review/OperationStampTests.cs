using System.Text.Json;
using CsCheck;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Datasets;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Review;

public sealed class OperationStampTests
{
    [Fact]
    public void Other_parts_are_other_content() =>
        Gen.Select(Gen.String.Null().Array[0, 5], Gen.String.Null().Array[0, 5]).Sample((one, other) =>
            Assert.Equal(one.SequenceEqual(other), OperationStamp.ContentOf(one) == OperationStamp.ContentOf(other)), iter: 2_000);

    [Fact]
    public void No_cut_between_parts_gives_the_same_content() =>
        Gen.Select(Gen.String[Gen.Char["ab\0"], 1, 8], Gen.Int[0, 8], Gen.Int[0, 8]).Sample((text, first, second) =>
        {
            var (i, j) = (Math.Min(first, text.Length), Math.Min(second, text.Length));
            Assert.Equal(i == j, OperationStamp.ContentOf(text[..i], text[i..]) == OperationStamp.ContentOf(text[..j], text[j..]));
            Assert.NotEqual(OperationStamp.ContentOf(text), OperationStamp.ContentOf(text, null));
        }, iter: 2_000);

    /// <summary>It stands in the ledger: a release that reckoned otherwise would take a repeated request for another one.</summary>
    [Fact]
    public void Content_is_reckoned_as_the_last_release_did()
    {
        // printf '\x02\0\0\0ab\xff\xff\xff\xff\0\0\0\0' | sha256sum
        Assert.Equal(new Guid("5ff5f461-ba83-7967-e995-729dc3f3bba1"), OperationStamp.ContentOf("ab", null, ""));
        Assert.Equal(OperationStamp.ContentOf("5", "main", null, null, null), RoundCommand.ContentOf(new StartRound(5)));
    }

    [Fact]
    public void What_a_round_is_asked_for_is_each_of_its_members()
    {
        StartRound[] commands =
        [
            new(5), new(6), new(5, "control"), new(5, "main", "margin"), new(5, "main", null, "margin"),
            new(5) { AnswerWithin = TimeSpan.FromDays(7) }, new(5) { AnswerWithin = TimeSpan.FromDays(8) },
            new(5) { Trainer = "a" }, new(5) { Promotion = "a" }, new(5) { Policies = 1 },
        ];
        Assert.Equal(commands.Length, commands.Select(RoundCommand.ContentOf).Distinct().Count());
    }

    [Fact]
    public void How_many_tasks_one_person_holds_is_a_setting_and_named()
    {
        foreach (var wrong in new[] { 0, -1, int.MaxValue })
        {
            var said = new DatasetSettings { TasksPerPerson = wrong }.Check();
            Assert.StartsWith("tasksPerPerson must be 1 to 100000", said, StringComparison.Ordinal);
        }
        Assert.Null(new DatasetSettings { TasksPerPerson = 1 }.Check());
        // A dataset, or its backup, of before the setting.
        const string Stored = """
            {"name":"a","schema":{"classes":[{"name":"x"},{"name":"y"}]},"settings":{"shards":4},
             "createdAt":"2026-01-01T00:00:00Z","createdBy":"ann"}
            """;
        var old = JsonSerializer.Deserialize(Stored, ModelJson.Default.DatasetInfo)!;
        Assert.Equal((50, 4, null), (old.Settings.TasksPerPerson, old.Settings.Shards, old.Settings.Check()));
    }
}
