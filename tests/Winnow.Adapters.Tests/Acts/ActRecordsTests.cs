using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Acts;
using Winnow.Grains.Ports;
using Winnow.Model.Acts;
using Winnow.Model.Images;

namespace Winnow.Adapters.Tests.Acts;

public sealed class ActRecordsTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, 123, TimeSpan.FromHours(2));
    private static readonly DateTimeOffset Latest = At.AddYears(1);
    private static readonly ImageId Image = ImageId.Of("a cat"u8);
    private static readonly ActCaller Ada = new("service:import for ada", "10.0.0.7");

    private static ActRecord Decision() => ActRecords.Make(
        new ActDraft(ActKind.DecisionMade) { Image = Image, Of = "3", Content = "{\"version\":3}"u8.ToArray() }, Ada, At);

    [Fact]
    public void What_was_written_is_read()
    {
        var act = ActRecords.Read(new ActStream("cats", 4), 17, Decision());
        Assert.Equal(new Act("shard/4", 17, At, ActKind.DecisionMade, ActOutcome.Done)
        {
            Actor = "service:import for ada",
            Address = "10.0.0.7",
            Dataset = "cats",
            Image = Image,
            Of = "3",
        }, act);
        var granted = ActRecords.Make(
            new ActDraft(ActKind.AccessGranted) { Dataset = "cats", About = "person:bob", Of = "annotator" }, new("local", null), At);
        Assert.Equal(new Act("cluster", 1, At, ActKind.AccessGranted, ActOutcome.Done)
        {
            Actor = "local",
            Dataset = "cats",
            About = "person:bob",
            Of = "annotator",
        }, ActRecords.Read(ActStream.Cluster, 1, granted));
        Assert.True(ActRecords.Read(new ActStream("cats", -2), 1, Decision()).Told);
        Assert.Null(ActRecords.Check(granted, Latest));
    }

    [Fact]
    public void A_record_has_one_form_and_names_neither_person_nor_image()
    {
        var record = Decision();
        var text = Encoding.UTF8.GetString(record.Record);
        string Hash(byte[] part) => Convert.ToBase64String(SHA256.HashData(part));
        var content = SHA256.HashData([.. record.Object.AsSpan(0, ActRecords.SaltBytes), .. "{\"version\":3}"u8]);
        Assert.Equal(
            "{\"at\":\"2026-03-01T10:00:00.1230000Z\",\"what\":\"decision-made\",\"outcome\":\"done\",\"of\":\"3\",\"actor\":\""
            + Hash(record.Actor!) + "\",\"image\":\"" + Hash(record.Object!) + "\",\"content\":\""
            + Convert.ToBase64String(content) + "\"}",
            text.Replace("\\u002B", "+", StringComparison.Ordinal));
        foreach (var said in new[] { "ada", "10.0.0.7", Image.ToString(), Convert.ToHexString(Image.ToBytes()) })
            Assert.DoesNotContain(said, text, StringComparison.OrdinalIgnoreCase);
        // The same act again cannot be told to be the same: whoever has no salt can try no name.
        var again = Decision();
        Assert.NotEqual(record.Record, again.Record);
        Assert.NotEqual(record.Actor, again.Actor);
    }

    [Fact]
    public void An_act_whose_parts_were_erased_is_sound_and_tells_what_is_left()
    {
        var erased = Decision() with { Actor = null, Object = null };
        Assert.Null(ActRecords.Check(erased, Latest));
        var act = ActRecords.Read(new ActStream("cats", 4), 17, erased);
        Assert.Equal((null, null, null, ActKind.DecisionMade, "3"), (act.Actor, act.Address, act.Image, act.What, act.Of));
    }

    [Fact]
    public void What_was_changed_is_found()
    {
        var sound = Decision();
        Assert.Null(ActRecords.Check(sound, Latest));
        var other = Decision();
        byte[] With(byte[] bytes, int at)
        {
            byte[] changed = [.. bytes];
            changed[at] ^= 1;
            return changed;
        }
        ActRecord[] wrong =
        [
            sound with { Actor = other.Actor }, sound with { Object = other.Object }, sound with { Record = other.Record },
            sound with { Actor = With(sound.Actor!, 3) }, sound with { Object = With(sound.Object!, 40) },
            sound with { Actor = [] }, sound with { Object = [] }, sound with { At = At.AddTicks(1) },
            sound with { Record = "{}"u8.ToArray() }, sound with { Record = "no json"u8.ToArray() },
            sound with { Record = new byte[5_000] },
        ];
        Assert.All(wrong, w => Assert.NotNull(ActRecords.Check(w, Latest)));
        Assert.NotNull(ActRecords.Check(sound, At.AddSeconds(-1)));
    }

    [Theory]
    [InlineData("ada\u001b[31m\r\nevil\u202e", "ada[31m evil")]
    [InlineData("a\nb", "a b")]
    public void Names_stay_within_their_line(string sent, string kept)
    {
        var record = ActRecords.Make(new ActDraft(ActKind.KeyMade), new ActCaller(sent, "10.0.0.7\nx"), At);
        var act = ActRecords.Read(ActStream.Cluster, 1, record);
        Assert.Equal((kept, "10.0.0.7 x"), (act.Actor, act.Address));
    }

    [Fact]
    public void One_act_has_bounds()
    {
        var huge = string.Concat(Enumerable.Repeat("🐈", 5_000));
        var record = ActRecords.Make(
            new ActDraft(ActKind.AccessGranted) { About = huge, Of = huge, Purpose = huge }, new ActCaller(huge, huge), At);
        Assert.True(record.Record.Length + record.Actor!.Length + record.Object!.Length < ActRecords.MaxBytes);
        Assert.Null(ActRecords.Check(record, Latest));
    }

    [Fact]
    public void Words_are_never_renamed()
    {
        var words = string.Join(
            ' ', Enum.GetValues<ActKind>().Select(k => $"{(int)k}:{JsonNamingPolicy.KebabCaseLower.ConvertName($"{k}")}"));
        Assert.Equal(
            "0:unknown 1:decision-made 2:decision-taken-back 3:asked-again 4:gold-set 5:original-read 6:original-linked 7:images-added "
            + "8:uploads-prepared 9:prelabels-added 10:tasks-leased 11:tasks-released 12:priorities-set 13:dataset-created "
            + "14:dataset-deleted 15:dataset-restored 16:dataset-backed-up 17:dataset-verified 18:shards-doubled 19:policy-changed "
            + "20:access-granted 21:access-vetted 22:access-revoked 23:key-made 24:key-revoked 25:round-started 26:round-ended "
            + "27:version-made 28:version-exported 29:manifest-exported 30:changes-exported 31:model-exported 32:backbone-added "
            + "33:backbones-compared 34:backbone-switched 35:backbone-removed 36:source-added 37:source-removed 38:source-synced "
            + "39:notification-path-made 40:set-aside-discarded 41:silo-drained 42:schema-changed 43:session-begun 44:session-ended "
            + "45:machine-decisions-made 46:machine-decisions-taken-back",
            words);
        var later = Decision();
        var record = Encoding.UTF8.GetString(later.Record).Replace("decision-made", "later-word", StringComparison.Ordinal);
        later = later with { Record = Encoding.UTF8.GetBytes(record) };
        Assert.Equal(ActKind.Unknown, ActRecords.Read(ActStream.Cluster, 1, later).What);
        Assert.Null(ActRecords.Check(later, Latest));
    }
}
