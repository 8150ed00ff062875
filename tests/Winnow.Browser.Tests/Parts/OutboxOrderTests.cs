using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Studio.Outbox;

namespace Winnow.Browser.Tests.Parts;

public sealed class OutboxOrderTests
{
    private static OutboxEntry Entry(int image, string dataset = "pets", bool takesBack = false)
    {
        var id = ImageId.Of(BitConverter.GetBytes(image));
        return new OutboxEntry
        {
            Owner = "service:ann",
            Dataset = dataset,
            Image = id,
            Command = OutboxEntry.Write(new SubmitDecision(id, Guid.NewGuid(), new Decision { Kind = DecisionKind.Reject }, "lease")),
            TakesBack = takesBack ? Guid.NewGuid() : null,
            Name = "a",
            Words = "b",
        };
    }

    [Fact]
    public void What_goes_together_is_of_one_dataset_and_has_no_image_twice()
    {
        Assert.Equal(2, OutboxOrder.NextOf([Entry(1), Entry(2), Entry(1), Entry(3)]).Count);
        Assert.Single(OutboxOrder.NextOf([Entry(1), Entry(2, "cars")]));
        Assert.Single(OutboxOrder.NextOf([Entry(1), Entry(2, takesBack: true), Entry(3)]));
        Assert.Single(OutboxOrder.NextOf([Entry(2, takesBack: true), Entry(3)]));
        Assert.Equal(4, OutboxOrder.NextOf([Entry(1), Entry(2), Entry(3), Entry(4)]).Count);
        Assert.Empty(OutboxOrder.NextOf([]));
    }

    [Fact]
    public void What_is_kept_is_read_as_it_was_said()
    {
        var entry = Entry(7);
        var kept = System.Text.Json.JsonSerializer.Serialize(entry, OutboxJson.Default.OutboxEntry);
        var read = System.Text.Json.JsonSerializer.Deserialize(kept, OutboxJson.Default.OutboxEntry)!;
        Assert.Equal(entry, read);
        Assert.Equal((entry.Image, DecisionKind.Reject, "lease"), (read.Read().Image, read.Read().Decision.Kind, read.Read().Lease));
    }
}
