using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Scoring;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Adapters.Tests.Scoring;

public sealed class FileCrashNotesTests : IDisposable
{
    private const string Dataset = "cats";
    private static readonly ImageId[] Images =
        [.. Enumerable.Range(0, 4).Select(i => ImageId.Of(System.Text.Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture))))];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_ends_leaves_no_suspicion()
    {
        Open().Begin(Dataset, Images).Dispose();
        var after = Open();
        Assert.False(after.AnySuspect);
        Assert.Equal(Suspicion.None, after.Of(Dataset, Images[0]));
    }

    [Fact]
    public void A_lot_that_a_death_left_is_suspected_and_who_ran_alone_is_cleared()
    {
        Open().Begin(Dataset, Images);
        var second = Open();
        Assert.True(second.AnySuspect);
        Assert.Equal(Suspicion.None, second.Of("dogs", Images[0]));
        foreach (var image in Images[1..])
        {
            Assert.Equal(Suspicion.Suspect, second.Of(Dataset, image));
            second.Begin(Dataset, [image]).Dispose();
            Assert.Equal(Suspicion.None, second.Of(Dataset, image));
        }
        Assert.True(second.AnySuspect);
        second.Begin(Dataset, [Images[0]]).Dispose();
        Assert.False(second.AnySuspect);
        Assert.False(Open().AnySuspect);
    }

    [Fact]
    public void An_image_that_ends_the_process_alone_and_again_is_guilty_for_good()
    {
        Open().Begin(Dataset, Images);
        Open().Begin(Dataset, [Images[2]]);
        var third = Open();
        Assert.Equal(Suspicion.Suspect, third.Of(Dataset, Images[2]));
        third.Begin(Dataset, [Images[2]]);
        foreach (var notes in new[] { Open(), Open() })
        {
            Assert.Equal(Suspicion.Guilty, notes.Of(Dataset, Images[2]));
            Assert.Equal(Suspicion.Suspect, notes.Of(Dataset, Images[0]));
        }
    }

    [Fact]
    public void A_lot_of_one_is_suspected_first()
    {
        Open().Begin(Dataset, [Images[0]]);
        Assert.Equal(Suspicion.Suspect, Open().Of(Dataset, Images[0]));
    }

    [Fact]
    public void What_has_no_room_is_not_noted_and_does_no_harm()
    {
        var notes = Open();
        notes.Begin(Dataset, [.. Enumerable.Repeat(Images[0], 20_000)]).Dispose();
        notes.Begin(new string('d', 200), Images);
        notes.Dispose();
        notes.Begin(Dataset, Images).Dispose();
        Assert.False(Open().AnySuspect);
    }

    private FileCrashNotes Open() => new(_folder.Path, NullLogger<FileCrashNotes>.Instance);
}
