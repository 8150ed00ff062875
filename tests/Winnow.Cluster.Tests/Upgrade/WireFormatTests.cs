using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.TypeSystem;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Grains;
using Winnow.Model.Images;
using Winnow.Model.Overview;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Upgrade;

/// <summary>
/// The bytes of every record that crosses between silos, as the last release wrote them. Silos of two versions run beside each other while
/// a cluster is upgraded: what one writes the other must read. A record may gain properties at the end; none may change its place. One that
/// no release reads any more may go: its id is never given again, and the bytes with it are still read
/// (<see cref="What_says_more_is_read_without_it"/>).
/// </summary>
public sealed class WireFormatTests : IDisposable
{
    private const string Write = "WINNOW_WRITE_GOLDEN";
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Upgrade", "golden.txt");

    private readonly ServiceProvider _services;
    private readonly Serializer _serializer;

    public WireFormatTests()
    {
        _services = new ServiceCollection().AddWinnowWireFormat().BuildServiceProvider();
        _serializer = _services.GetRequiredService<Serializer>();
    }

    public void Dispose() => _services.Dispose();

    private static IEnumerable<(string Alias, Type Type)> Records() =>
        new[] { typeof(IngestLot).Assembly, typeof(WireFormat).Assembly }.SelectMany(a => a.GetTypes())
            .Where(t => t is { IsInterface: false, IsAbstract: false }
                && t.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is not null
                && t.GetCustomAttribute<AliasAttribute>(inherit: false) is not null && t != typeof(ImageIdSurrogate))
            .Select(t => (t.GetCustomAttribute<AliasAttribute>(inherit: false)!.Alias, t)).OrderBy(t => t.Alias, StringComparer.Ordinal);

    [Fact]
    public void Every_record_on_the_wire_bears_an_alias()
    {
        var without = new[] { typeof(IngestLot).Assembly, typeof(WireFormat).Assembly }.SelectMany(a => a.GetTypes())
            .Where(t => t.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is not null
                && t.GetCustomAttribute<AliasAttribute>(inherit: false) is null);
        Assert.Empty(without);
        Assert.Equal(Records().Count(), Records().Select(r => r.Alias).Distinct().Count());
    }

    /// <summary>
    /// Records of the model cross under their full names. A name that is new here is added; one that goes
    /// or changes breaks silos of the last release: see <see cref="KeptWireNames"/>.
    /// </summary>
    [Fact]
    public void A_record_of_the_model_crosses_under_the_name_that_the_last_release_knows()
    {
        var names = typeof(IngestLot).Assembly.GetTypes().Where(t => t.IsInterface && typeof(IAddressable).IsAssignableFrom(t))
            .SelectMany(t => t.GetMethods()).SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType))
            .SelectMany(Parts).Where(t => t.Namespace?.StartsWith("Winnow.Model", StringComparison.Ordinal) == true && !t.IsEnum)
            .Where(t => t != typeof(ImageId)).Distinct()
            .Select(t => _services.GetRequiredService<TypeConverter>().Format(t)).Order(StringComparer.Ordinal).ToList();
        if (Environment.GetEnvironmentVariable(Write) is { Length: > 0 } path)
            File.WriteAllLines(Path.Combine(Path.GetDirectoryName(path)!, "model-names.txt"), names);
        else
            Assert.Equal(File.ReadAllLines(Path.Combine(Path.GetDirectoryName(Golden)!, "model-names.txt")), names);

        var image = ImageId.Of("x"u8);
        object[] records =
        [
            new DatasetStatus { Name = "shelf" },
            new ImageDetail
            {
                Id = image, Dataset = "shelf", Name = "a.png", Stage = Stage.Scored, Partition = Partition.Pool,
                ReceivedAt = DateTimeOffset.UnixEpoch, Version = 0,
            },
        ];
        Assert.Equal(KeptWireNames.Kept.Select(k => k.Type), records.Select(r => r.GetType()));
        foreach (var record in records)
        {
            var name = KeptWireNames.Kept.Single(k => k.Type == record.GetType()).Name.Split(',')[0];
            var bytes = _serializer.SerializeToArray<object>(record);
            Assert.Contains(name, Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
            Assert.IsType(record.GetType(), _serializer.Deserialize<object>(bytes));
        }
    }

    private static IEnumerable<Type> Parts(Type type) => type.IsArray ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];

    /// <summary>
    /// As a silo wrote them that knew no member for whose an operation is, for the name of a refusal, for the name of a duplicate, for the
    /// version of an image.
    /// </summary>
    [Fact]
    public void What_says_less_is_read_as_saying_nothing_of_it()
    {
        const string Lot =
            "30017f92bee62377696e6e6f772e696e676573742d6c6f74e840214f20000001000200030405060708090a410b4163746f7221000521e8"
            + "2000f287010501070109e041094e616d65410d466f726d61740154610201840402013a60019043700f6e091503019a09410d526561736f"
            + "6ee020e82000f287010501070109e0c119c11b0154610201840402013a60019043700f6e091503019a09c129e0e0e0";
        const string Refused =
            "30019276dc271d77696e6e6f772e72656675736564402f52656675736564457863657074696f6e4d657373616765c101c1016100151380"
            + "e8e0";
        var lot = Assert.IsType<IngestLot>(_serializer.Deserialize<object>(Convert.FromHexString(Lot)));
        Assert.Equal(("Actor", 2, null), (lot.Actor, lot.Rows.Length, lot.Content));
        const string Outcome = "3001b9f11b292b77696e6e6f772e696e676573742d6f7574636f6d65e8081507410d526561736f6e0915030101e0";
        var outcome = Assert.IsType<IngestOutcome>(_serializer.Deserialize<object>(Convert.FromHexString(Outcome)));
        Assert.Equal((IngestOutcome)Samples.Make(typeof(IngestOutcome)) with { StandsAs = null }, outcome);
        const string Image =
            "3001a16832452777696e6e6f772e696d6167652d7265636f7264e800027021e82000f287010501070109e041094e616d65410d466f72"
            + "6d61740154610201840402013a60019043700f6e091503019a09410d526561736f6ee0218080a8495b0a809f08810000000000000000"
            + "e041155265636569766564427909150b41134d6f64656c4e616d6521e86000f078446100787c4461000092446100383f4401ba2b0162"
            + "a5e02100054105bfbe4005a09fe0e0";
        var image = Assert.IsType<ImageRecord>(_serializer.Deserialize<object>(Convert.FromHexString(Image)));
        Assert.Equal((((ImageRecord)Samples.Make(typeof(ImageRecord))).Ordinal, null), (image.Ordinal, image.Version));
        var refused = Assert.IsType<RefusedException>(_serializer.Deserialize<object>(Convert.FromHexString(Refused)));
        Assert.Equal(("RefusedExceptionMessage", null), (refused.Message, refused.Code));
    }

    /// <summary>As a silo wrote it that knew one backbone a dataset: it says nothing of others, which is not that there are none.</summary>
    [Fact]
    public void A_state_of_learning_of_before_there_were_several_spaces_is_of_the_one_that_the_dataset_was_created_with()
    {
        const string Learning =
            "300155011c2b2b77696e6e6f772e6c6561726e696e672d7374617465e8009081bebf6c411b50726f6a656374696f6e4b6579410f486561"
            + "644b657941134d6f64656c4e616d6561b35bb71b01722ee0";
        var learning = Assert.IsType<LearningState>(_serializer.Deserialize<object>(Convert.FromHexString(Learning)));
        Assert.Equal((null, null), (learning.Backbone, learning.Others));
        Assert.Equal(new LearnedSpace("created", learning.ProjectionKey, learning.HeadKey, learning.ModelName),
            learning.Serving("created"));
    }

    /// <summary>As a silo writes them that gives each enqueueing an operation id.</summary>
    [Fact]
    public void What_says_more_is_read_without_it()
    {
        const string Enqueue =
            "3001808e08901d77696e6e6f772e656e7175657565e840214f20000001000200030405060708090a410741726d01eadb21000501341c02"
            + "00241c02e02100056100c0f842600080f842e021000521002652010501070109e020002252010501070109e0e0e0";
        var asked = Assert.IsType<EnqueueTasks>(_serializer.Deserialize<object>(Convert.FromHexString(Enqueue)));
        var now = Assert.IsType<EnqueueTasks>(Samples.Make(typeof(EnqueueTasks)));
        Assert.Equal((now.Arm, now.Round), (asked.Arm, asked.Round));
        Assert.Equal(now.Ordinals, asked.Ordinals);
        Assert.Equal(now.Priorities, asked.Priorities);
        Assert.Equal(now.Images, asked.Images);
    }

    [Fact]
    public void What_the_last_release_wrote_is_read_and_written_alike()
    {
        var now = Records().ToDictionary(r => r.Alias,
            r => Convert.ToHexStringLower(_serializer.SerializeToArray<object>(Samples.Make(r.Type))), StringComparer.Ordinal);
        if (Environment.GetEnvironmentVariable(Write) is { Length: > 0 } path)
        {
            File.WriteAllLines(path, now.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key} {r.Value}"));
            return;
        }
        var golden = File.ReadAllLines(Golden).Select(l => l.Split(' ')).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        Assert.All(golden, g =>
            Assert.True(now.ContainsKey(g.Key), $"The record '{g.Key}' is gone; silos of the last release still send it."));
        foreach (var (alias, type) in Records())
        {
            Assert.True(golden.TryGetValue(alias, out var bytes),
                $"The record '{alias}' is new: add its line with {Write}=$PWD/tests/Winnow.Cluster.Tests/Upgrade/golden.txt dotnet test "
                + $"--filter {nameof(WireFormatTests)}");
            Assert.True(bytes == now[alias],
                string.Create(CultureInfo.InvariantCulture,
                    $"The bytes of '{alias}' changed: {bytes} was, {now[alias]} is. Add properties at the end with new ids, and never "
                    + $"change one; a new form needs a new alias."));
            Assert.Equal(now[alias],
                Convert.ToHexStringLower(
                    _serializer.SerializeToArray<object>(_serializer.Deserialize<object>(Convert.FromHexString(bytes)))));
            Assert.IsType(type, _serializer.Deserialize<object>(Convert.FromHexString(bytes)));
        }
    }
}
