using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Images;

namespace Winnow.Grains.Intake;

/// <summary>Registers the intake of images.</summary>
public static class IntakeRegistration
{
    /// <summary>Takes in uploads, with their bytes or past the server. Needs an object store, image headers and a grain factory.</summary>
    public static IServiceCollection AddIntake(this IServiceCollection services)
    {
        services.AddSingleton<IImageIntake, ImageIntake>();
        services.AddSingleton<IImageUploads, ImageUploads>();
        return services;
    }
}
