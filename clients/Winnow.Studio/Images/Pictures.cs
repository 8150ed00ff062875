using Winnow.Model.Images;

namespace Winnow.Studio.Images;

/// <summary>Addresses of smaller copies of images.</summary>
internal static class Pictures
{
    /// <summary>For grids.</summary>
    public static string Small(string dataset, ImageId image) => At(dataset, image, 256);

    /// <summary>For a picture that is looked at.</summary>
    public static string Large(string dataset, ImageId image) => At(dataset, image, 1600);

    private static string At(string dataset, ImageId image, int side) =>
        $"api/v1/datasets/{Uri.EscapeDataString(dataset)}/images/{image}/thumbnail?size={side}";
}
